import { createHash } from "node:crypto";
import { mkdtemp, readFile, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { newModel } from "../../core/app/newModel.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { float32 } from "../../core/base/array.ts";
import { imagePreprocessing } from "../../core/contract/preprocessing.ts";
import { recipe } from "../../core/contract/project.ts";
import type { Model } from "../../core/graph/model.ts";
import { params } from "../../core/methods/train/params.ts";
import { planOf } from "../../core/methods/train/plan.ts";
import { readModel } from "../../core/onnx/read.ts";
import { withSession } from "../../core/runtime/session.ts";

const folder = resolve(import.meta.dirname, "../../samples/fashion-mnist");
const path = resolve(folder, "model.onnx");

/** The body of a gzipped IDX file, whose header has four bytes and four more for each dimension. */
async function idx(name: string, dimensions: number): Promise<Uint8Array> {
  return gunzipSync(await readFile(resolve(folder, name))).subarray(4 + 4 * dimensions);
}

it("keeps batch normalisation and shortcuts as nodes with names", async () => {
  const { graph, metadata } = await readModel(path, nodeHost);
  const ops = new Set(graph.nodes.map((node) => node.op));
  expect([...ops].sort()).toEqual(["Add", "BatchNormalization", "Conv", "Flatten", "Gemm", "GlobalAveragePool", "Relu"]);
  expect(graph.nodes.filter((node) => node.op === "BatchNormalization")).toHaveLength(15);
  expect(graph.nodes[0]?.name).toBe("conv1");
  expect(graph.nodes.map((node) => node.name)).toContain("layer2.0.downsample.0");
  expect(imagePreprocessing.parse(JSON.parse(metadata?.["lathe.preprocessing"] ?? "null"))).toMatchObject({
    channels: "grey",
    height: 28,
    width: 28,
    mean: [0.286],
    std: [0.353],
  });
});

it("is the net of the zoo that its recipe starts from, with other weights", async () => {
  const given = recipe.parse(JSON.parse(await readFile(resolve(folder, "recipe.json"), "utf8")));
  expect(given.method).toBe("train");
  expect(planOf(params.parse(given.params))).toMatchObject({ epochs: 8, rate: 0.1, augment: { flip: true } });
  const net = { seed: 1, input: [1, 28, 28], classes: 10, params: { shortcut: "B" } };
  const out = resolve(await mkdtemp(join(tmpdir(), "lathe-sample-")), "resnet14.onnx");
  const work = { host: nodeHost, emit: () => undefined, signal: new AbortController().signal };
  await newModel({ net: "resnet14", ...net }, out, work);
  expect(createHash("sha256").update(await readFile(out)).digest("hex")).toBe(given.from);
  const [start, trained] = [await readModel(out, nodeHost), await readModel(path, nodeHost)];
  expect(trained.graph.nodes).toEqual(start.graph.nodes);
  const shapes = (model: Model): unknown =>
    model.graph.initializers.map(({ name, type, dims }) => ({ name, type, dims }));
  expect(shapes(trained)).toEqual(shapes(start));
});

it("takes less than one megabyte", async () => {
  expect((await stat(path)).size).toBeLessThan(1_000_000);
});

it("classifies 92 % of the thousand test images", async () => {
  const pixels = await idx("t10k-images-idx3-ubyte.gz", 3);
  const labels = await idx("t10k-labels-idx1-ubyte.gz", 1);
  const images = Float32Array.from(pixels, (value) => (value / 255 - 0.286) / 0.353);
  const correct = await withSession({ path }, { host: nodeHost }, async (session) => {
    const { logits } = await session.run({ input: float32([labels.length, 1, 28, 28], images) });
    const scores = logits?.data as Float32Array;
    return labels.filter((label, i) => {
      const row = scores.subarray(i * 10, i * 10 + 10);
      return row.indexOf(Math.max(...row)) === label;
    }).length;
  });
  expect(labels).toHaveLength(1000);
  // Kernels of other processors may round an image over the border.
  expect(Math.abs(correct - 920)).toBeLessThanOrEqual(2);
});
