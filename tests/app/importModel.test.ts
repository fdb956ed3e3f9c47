import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { importModel } from "../../core/app/importModel.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { createProject, type Project } from "../../core/app/project.ts";
import { importData } from "../../core/app/projectData.ts";
import { runMethod } from "../../core/app/runMethod.ts";
import { tensorArray } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
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
