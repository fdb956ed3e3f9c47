import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { importModel } from "../../core/app/importModel.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { createProject, type Project } from "../../core/app/project.ts";
import { importData } from "../../core/app/projectData.ts";
import { runMethod } from "../../core/app/runMethod.ts";
import { float32 } from "../../core/base/array.ts";
import type { Json } from "../../core/base/json.ts";
import { subgraphsOf } from "../../core/graph/attributes.ts";
import { floatTensor, graph, node, tensorArray } from "../../core/graph/build.ts";
import type { Graph, Model } from "../../core/graph/model.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { readModel } from "../../core/onnx/read.ts";
import { withSession } from "../../core/runtime/session.ts";
import { quietWork, temporaryFolder, tinyModel, writeInputs } from "./fixtures.ts";

/** The tiny model whose pooled channels are scaled, by weights of the branch, or made negative: the brightest pixel decides. */
function branchingModel(): Model {
  const { graph: whole, ...rest } = tinyModel();
  const scaled: Graph = graph({
    inputs: [],
    outputs: [{ name: "scaled" }],
    initializers: [floatTensor("scale", [8], new Float32Array(8).fill(2))],
    nodes: [node("Mul", [["f", "scale"], ["scaled"]])],
  });
  const negative: Graph = graph({
    inputs: [],
    outputs: [{ name: "negative" }],
    nodes: [node("Neg", [["f"], ["negative"]])],
  });
  const choose = node("If", [["bright"], ["g"]], {
    name: "choose",
    attributes: { then_branch: { kind: "graph", value: scaled }, else_branch: { kind: "graph", value: negative } },
  });
  const half = floatTensor("half", [], [0.5]);
  const nodes = [
    node("ReduceMax", [["image"], ["top"]], { attributes: { keepdims: 0 } }),
    node("Greater", [["top", "half"], ["bright"]]),
    ...whole.nodes.slice(0, 4),
    choose,
    { ...whole.nodes[4]!, inputs: ["g", "w2", "b2"] },
  ];
  return { ...rest, opsets: { "": 17 }, graph: { ...whole, nodes, initializers: [...whole.initializers, half] } };
}

async function made(method: string, params: Record<string, Json>): Promise<Model> {
  const folder = temporaryFolder();
  const project: Project = await createProject(join(folder, "project"), {}, nodeHost);
  try {
    const file = join(folder, "branching.onnx");
    writeFileSync(file, encodeModel(branchingModel()));
    expect((await importModel(project, file, quietWork())).warnings).toEqual([]);
    await importData(project, writeInputs(folder).dataFolder, { ...quietWork(), splits: { calibration: 48 } });
    const request = { method, params, seed: 0, threads: 1 };
    const { model } = await runMethod(project, request, { ...quietWork(), from: "branching" });
    return await readModel(project.store.artifacts.path(model), nodeHost);
  } finally {
    project.store.close();
  }
}

const image = (top: number): { image: ReturnType<typeof float32> } => ({
  image: float32(
    [1, 1, 8, 8],
    Float32Array.from({ length: 64 }, (_, i) => (top * i) / 63),
  ),
});

const branchesOf = ({ graph: { nodes } }: Model): readonly (readonly string[])[] =>
  nodes.filter((n) => n.op === "If").flatMap((n) => subgraphsOf(n).map((b) => b.nodes.map(({ op }) => op)));

it("is trained through the branch that is taken, weights within it too, and still chooses", async () => {
  const model = await made("train", { epochs: 2, rate: 0.05 });
  expect(branchesOf(model)).toEqual([["Mul"], ["Neg"]]);
  const scale = model.graph.initializers.find((t) => t.name.endsWith("scale"))!;
  expect(Array.from(tensorArray(scale).data as Float32Array).some((x) => x !== 2)).toBe(true);
  const scores = (top: number): Promise<unknown> => withSession(model, { host: nodeHost }, (s) => s.run(image(top)));
  expect(await scores(1)).not.toEqual(await scores(0.1));
});

it("is pruned through both branches, which stay branches", async () => {
  const params = { epochs: 0, multiple: 1, minimum: 2, remove: 0.4, baselines: false };
  const model = await made("prune-channels", params);
  expect(branchesOf(model)).toEqual([["Mul"], ["Neg"]]);
  const widths = model.graph.initializers.filter((t) => ["w1", "w2"].includes(t.name)).map((t) => t.dims);
  const [channels] = widths[0]!;
  expect(channels).toBeLessThan(8);
  expect(widths).toEqual([
    [channels, 1, 3, 3],
    [3, channels],
  ]);
  for (const top of [1, 0.1]) {
    const { scores } = await withSession(model, { host: nodeHost }, (s) => s.run(image(top)));
    expect(scores?.dims).toEqual([1, 3]);
  }
});
