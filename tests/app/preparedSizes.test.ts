import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { importModel } from "../../core/app/importModel.ts";
import { measureVariants } from "../../core/app/measureVariants.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { createProject, type Project } from "../../core/app/project.ts";
import { importData } from "../../core/app/projectData.ts";
import { runMethod } from "../../core/app/runMethod.ts";
import type { Json } from "../../core/base/json.ts";
import type { Variant } from "../../core/contract/project.ts";
import { float32 } from "../../core/base/array.ts";
import { graph, intTensor, node, value } from "../../core/graph/build.ts";
import type { Graph, Model, Node } from "../../core/graph/model.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { readModel } from "../../core/onnx/read.ts";
import { withSession } from "../../core/runtime/session.ts";
import { quietWork, temporaryFolder, tinyModel, writeInputs } from "./fixtures.ts";

/** The tiny model with height and width left open, and stride 2 in its convolution. */
function openModel(): Model {
  const { graph: whole, ...rest } = tinyModel();
  const strided = (n: Node): Node =>
    n.name === "conv"
      ? node("Conv", [n.inputs, n.outputs], {
          name: n.name,
          attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2] },
        })
      : n;
  const inputs = [value("image", "float32", ["batch", 1, "height", "width"])];
  return { ...rest, graph: { ...whole, inputs, nodes: whole.nodes.map(strided) } };
}

/** What is done to the pooled channels hangs on how wide the image is. */
function shapedModel(): Model {
  const { graph: whole, ...rest } = openModel();
  const body = (op: string): Graph =>
    graph({ inputs: [], outputs: [value(`${op}_out`, "float32")], nodes: [node(op, [["f"], [`${op}_out`]])] });
  const nodes = whole.nodes.flatMap((n): readonly Node[] => {
    if (n.name !== "classifier") return [n];
    return [
      node("Shape", [["image"], ["shape"]]),
      node("Gather", [["shape", "last"], ["side"]]),
      node("Greater", [["side", "ten"], ["wide"]]),
      node("If", [["wide"], ["chosen"]], {
        attributes: {
          then_branch: { kind: "graph", value: body("Neg") },
          else_branch: { kind: "graph", value: body("Relu") },
        },
      }),
      { ...n, inputs: ["chosen", ...n.inputs.slice(1)] },
    ];
  });
  const initializers = [...whole.initializers, intTensor("last", [], [3]), intTensor("ten", [], [10])];
  return { ...rest, graph: { ...whole, nodes, initializers } };
}

async function projectOf(model: Model): Promise<Project> {
  const folder = temporaryFolder();
  const project = await createProject(join(folder, "project"), {}, nodeHost);
  const file = join(folder, "open.onnx");
  writeFileSync(file, encodeModel(model));
  await importModel(project, file, quietWork());
  await importData(project, writeInputs(folder).dataFolder, { ...quietWork(), splits: { calibration: 48 } });
  return project;
}

const modelOf = ({ store }: Project, { model }: Variant): Promise<Model> =>
  readModel(store.artifacts.path(model), nodeHost);

const inputDims = ({ graph }: Model): unknown =>
  graph.inputs[0]?.type?.kind === "tensor" ? graph.inputs[0].type.dims?.map((d) => d.size) : undefined;

it.each<readonly [string, Record<string, Json>]>([
  ["train", { epochs: 1 }],
  ["prune-channels", { epochs: 1, multiple: 1, minimum: 2, remove: 0.3, baselines: false }],
  ["prune-channels", { epochs: 0, multiple: 1, minimum: 2, remove: 0.3, baselines: false }],
  ["quantize-static", { samples: 16 }],
  ["quantize-mixed", { samples: 16, sensitivitySamples: 8 }],
])("%s %j works at the prepared sizes and leaves the model's sizes open", async (method, params) => {
  const project = await projectOf(openModel());
  const made = await runMethod(project, { method, params, seed: 0, threads: 1 }, { ...quietWork(), from: "open" });
  const model = await modelOf(project, made);
  expect(inputDims(model)).toEqual(["batch", 1, "height", "width"]);
  const size = 1 * 20 * 12;
  const image = float32(
    [1, 1, 20, 12],
    Float32Array.from({ length: size }, (_, i) => i / size),
  );
  const { scores } = await withSession({ path: project.store.artifacts.path(made.model) }, { host: nodeHost }, (s) =>
    s.run({ image }),
  );
  expect(scores?.dims).toEqual([1, 3]);
  project.store.close();
});

it("measures at the prepared sizes", async () => {
  const project = await projectOf(openModel());
  const [measured] = await measureVariants(project, project.store.variants(), { ...quietWork(), runs: 3 });
  // 8×8 pixels with stride 2: 16 places, 9 weights for each of 8 channels, and a classifier of 8×3.
  expect(measured?.measurements?.size?.macs).toBe(16 * 9 * 8 + 8 * 3);
  project.store.close();
});

it("says where a result takes one size alone", async () => {
  const project = await projectOf(shapedModel());
  const params = { epochs: 0, multiple: 1, minimum: 2, remove: 0.3, baselines: false };
  const request = { method: "prune-channels", params, seed: 0, threads: 1 };
  const made = await runMethod(project, request, { ...quietWork(), from: "open" });
  expect(made.warnings.at(-1)).toBe(
    "It takes samples of 1×8×8 alone: sizes that the model leaves open were worked out for those of the prepared samples.",
  );
  expect(inputDims(await modelOf(project, made))).toEqual(["batch", 1, 8, 8]);
  project.store.close();
});
