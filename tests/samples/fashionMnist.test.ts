import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { float32 } from "../../core/base/array.ts";
import { imagePreprocessing } from "../../core/contract/preprocessing.ts";
import { readModel } from "../../core/onnx/read.ts";
import { withSession } from "../../core/runtime/session.ts";

const folder = resolve(import.meta.dirname, "../../samples/fashion-mnist");
const path = resolve(folder, "model.onnx");

/** The body of a gzipped IDX file, whose header has four bytes and four more for each dimension. */
async function idx(name: string, dimensions: number): Promise<Uint8Array> {
  return gunzipSync(await readFile(resolve(folder, name))).subarray(4 + 4 * dimensions);
}

it("keeps batch normalisation, shortcuts and a depthwise convolution as nodes with names", async () => {
  const { graph, metadata } = await readModel(path, nodeHost);
  const ops = new Set(graph.nodes.map((node) => node.op));
  expect([...ops].sort()).toEqual(["Add", "BatchNormalization", "Conv", "Flatten", "Gemm", "GlobalAveragePool", "Relu"]);
  expect(graph.nodes.filter((node) => node.op === "BatchNormalization")).toHaveLength(15);
  expect(graph.nodes[0]?.name).toBe("stem.conv");
  expect(graph.nodes.map((node) => node.name)).toContain("block6.depthwise");
  expect(imagePreprocessing.parse(JSON.parse(metadata?.["lathe.preprocessing"] ?? "null"))).toMatchObject({
    channels: "grey",
    height: 28,
    width: 28,
    mean: [0.286],
    std: [0.353],
  });
});

it("takes less than one megabyte", async () => {
  expect((await stat(path)).size).toBeLessThan(1_000_000);
});

it("classifies 92.2 % of the thousand test images", async () => {
  const pixels = await idx("t10k-images-idx3-ubyte.gz", 3);
  const labels = await idx("t10k-labels-idx1-ubyte.gz", 1);
  const images = Float32Array.from(pixels, (value) => (value / 255 - 0.286) / 0.353);
  const correct = await withSession({ path }, { host: nodeHost }, async (session) => {
    const { logits } = await session.run({ image: float32([labels.length, 1, 28, 28], images) });
    const scores = logits?.data as Float32Array;
    return labels.filter((label, i) => {
      const row = scores.subarray(i * 10, i * 10 + 10);
      return row.indexOf(Math.max(...row)) === label;
    }).length;
  });
  expect(labels).toHaveLength(1000);
  // Kernels of other processors may round an image over the border.
  expect(Math.abs(correct - 922)).toBeLessThanOrEqual(2);
});
