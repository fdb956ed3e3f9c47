import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { importModel } from "../../core/app/importModel.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { createProject, type Project } from "../../core/app/project.ts";
import { importData } from "../../core/app/projectData.ts";
import { runMethod } from "../../core/app/runMethod.ts";
import { float32 } from "../../core/base/array.ts";
import { graph, intTensor, node, tensorArray, value } from "../../core/graph/build.ts";
import type { Graph, Model, Node, Value } from "../../core/graph/model.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { readModel } from "../../core/onnx/read.ts";
import { withSession } from "../../core/runtime/session.ts";
import { writeModel } from "../../core/onnx/write.ts";
import { quietWork, temporaryFolder, tinyModel, writeInputs } from "./fixtures.ts";

let folder: string;
let project: Project;

beforeEach(async () => {
  folder = temporaryFolder();
  project = await createProject(join(folder, "project"), {}, nodeHost);
});

afterEach(() => project.store.close());

/** Brings a model in from a file. */
function bringIn(model: Model, name = "model"): ReturnType<typeof importModel> {
  const file = join(folder, `${name}.onnx`);
  writeFileSync(file, encodeModel(model));
  return importModel(project, file, quietWork());
}

/** The tiny model with one element of a constant replaced. */
function tinyWith(name: string, index: number, x: number): Model {
  const { graph, ...rest } = tinyModel();
  const initializers = graph.initializers.map((constant) => {
    if (constant.name !== name) return constant;
    const bytes = new Uint8Array((tensorArray(constant).data as Float32Array).with(index, x).buffer);
    return { ...constant, data: { kind: "bytes", bytes } as const };
  });
  return { ...rest, graph: { ...graph, initializers } };
}

describe("a model whose weights hold NaN", () => {
  const text = '"w2" holds "NaN" (1 of 24 elements, the first at index 7)';

  it("is named when it comes in", async () => {
    const { warnings } = await bringIn(tinyWith("w2", 7, NaN));
    expect(warnings).toEqual([
      `The constant ${text}. No sum with it is a number: export the model again from weights that are whole.`,
    ]);
    expect((await bringIn(tinyModel(), "whole")).warnings).toEqual([]);
  });

  it("is named where the weights are in a file of their own", async () => {
    const source = join(folder, "outside");
    mkdirSync(source);
    const path = join(source, "model.onnx");
    await writeModel(tinyWith("w2", 7, NaN), path, { host: nodeHost, externalAbove: 0 });
    expect((await importModel(project, path, quietWork())).warnings).toEqual([expect.stringContaining(text)]);
  });

  it.each(["train", "quantize-static", "quantize-dynamic", "prune-channels"])("is named by %s", async (method) => {
    await bringIn(tinyWith("w2", 7, NaN));
    await importData(project, writeInputs(folder).dataFolder, { ...quietWork(), splits: { calibration: 48 } });
    const running = runMethod(project, { method, params: {}, seed: 0, threads: 1 }, { ...quietWork(), from: "model" });
    await expect(running).rejects.toMatchObject({
      code: "numeric",
      message: `${method} cannot run on "model": the constant ${text}.`,
    });
  });

  it("is not one with a lone NaN, which may be part of a formula", async () => {
    const { graph, ...rest } = tinyModel();
    const lone = {
      ...graph.initializers[0]!,
      name: "fill",
      dims: [1],
      data: { kind: "bytes" as const, bytes: new Uint8Array(Float32Array.of(NaN).buffer) },
    };
    expect(
      (await bringIn({ ...rest, graph: { ...graph, initializers: [...graph.initializers, lone] } })).warnings,
    ).toEqual([]);
  });
});

describe("nodes that share a name", () => {
  const same = (): Model => {
    const { graph, ...rest } = tinyModel();
    const nodes = graph.nodes.map((n, i) => ({ ...n, name: i === 0 ? "same_2" : i === 1 ? "" : "same" }));
    return { ...rest, graph: { ...graph, nodes } };
  };

  it("get names of their own, which is said, and the model runs as it was meant to", async () => {
    const { model, warnings } = await bringIn(same());
    expect(warnings).toEqual([
      '2 nodes had the name of another, "same" for instance, which the runtime refuses; they have a number behind it now.',
    ]);
    const stored = await readModel(project.store.artifacts.path(model), nodeHost);
    expect(stored.graph.nodes.map((n) => n.name)).toEqual(["same_2", "", "same", "same_3", "same_4"]);
    const image = float32(
      [1, 1, 8, 8],
      Float32Array.from({ length: 64 }, (_, i) => i / 64),
    );
    const run = (source: Model): Promise<unknown> => withSession(source, { host: nodeHost }, (s) => s.run({ image }));
    await expect(run(same())).rejects.toThrow("two nodes with same node name");
    expect(await run(stored)).toEqual(await run(tinyModel()));
  });

  it("are left alone in graphs of their own, and where there is no name", async () => {
    const { graph: whole, ...rest } = tinyModel();
    const body = (op: string): Graph =>
      graph({ inputs: [], outputs: [{ name: op }], nodes: [node(op, [["f"], [op]], { name: "pool" })] });
    const choose = node("If", [["yes"], ["g"]], {
      name: "",
      attributes: {
        then_branch: { kind: "graph", value: body("Relu") },
        else_branch: { kind: "graph", value: body("Neg") },
      },
    });
    const nodes = [...whole.nodes.slice(0, 4), choose, { ...whole.nodes[4]!, name: "", inputs: ["g", "w2", "b2"] }];
    const yes = { name: "yes", type: "bool", dims: [], data: { kind: "bytes", bytes: Uint8Array.of(1) } } as const;
    const built: Model = { ...rest, graph: { ...whole, nodes, initializers: [...whole.initializers, yes] } };
    const { warnings, model } = await bringIn(built);
    expect(warnings).toEqual([]);
    expect(readFileSync(project.store.artifacts.path(model))).toEqual(Buffer.from(encodeModel(built)));
  });
});

describe("a model that the runtime cannot run", () => {
  /** A loop over the pooled channels whose body gives a condition and the channels. */
  function looping(condition: Node, [given, made]: readonly [Value, Value], change: Node): Model {
    const { graph: whole, ...rest } = tinyModel();
    const body = graph({
      inputs: [value("i", "int64", []), value("go", "bool", []), given],
      outputs: [{ name: "goes" }, made],
      nodes: [condition, change],
    });
    const loop = node("Loop", [["twice", "yes", "f"], ["g"]], {
      name: "loop",
      attributes: { body: { kind: "graph", value: body } },
    });
    const initializers = [
      ...whole.initializers,
      intTensor("twice", [], [2]),
      { name: "yes", type: "bool", dims: [], data: { kind: "bytes", bytes: Uint8Array.of(1) } } as const,
    ];
    const nodes = [...whole.nodes.slice(0, 4), loop, { ...whole.nodes[4]!, inputs: ["g", "w2", "b2"] }];
    return { ...rest, graph: { ...whole, nodes, initializers } };
  }
  const goes = node("Identity", [["go"], ["goes"]]);
  const asFloat = node("Cast", [["go"], ["goes"]], { attributes: { to: 1 } });
  const keep = node("Identity", [["s"], ["t"]]);
  const asInt = node("Cast", [["s"], ["t"]], { attributes: { to: 7 } });
  const open = [{ name: "s" }, { name: "t" }] as const;

  it("is none where its loop is well typed", async () => {
    expect((await bringIn(looping(goes, open, keep))).warnings).toEqual([]);
  });

  it.each<readonly [string, Model]>([
    ["gives a float as the condition", looping(asFloat, open, keep)],
    ["gives back another type than it is given", looping(goes, open, asInt)],
    ["declares another type than it makes", looping(goes, [{ name: "s" }, value("t", "float32")], asInt)],
    ["declares another type than it is given", looping(goes, [value("s", "int64"), { name: "t" }], keep)],
  ])("is said when it comes in: the body of its loop %s", async (_, built) => {
    const { warnings } = await bringIn(built);
    expect(warnings).toEqual([
      expect.stringMatching(
        /^This model can be shown and compared, but not run: ONNX Runtime cannot load the model: .*(loop|type)/i,
      ),
    ]);
  });
});
