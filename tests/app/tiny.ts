import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { seededRandom } from "../../core/base/random.ts";
import { floatTensor, graph, model, node, value } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import { encodeModel } from "../../core/onnx/encode.ts";

/** Convolution, ReLU, pooling and a classifier of three classes over 8×8 grey images. */
export function tinyModel(): Model {
  const random = seededRandom(1, "tiny");
  const weights = (dims: readonly number[]): Float32Array =>
    Float32Array.from({ length: dims.reduce((p, d) => p * d, 1) }, () => random.normal() * 0.5);
  return model(
    graph({
      inputs: [value("image", "float32", ["batch", 1, 8, 8])],
      outputs: [value("scores", "float32", ["batch", 3])],
      initializers: [
        floatTensor("w1", [8, 1, 3, 3], weights([8, 1, 3, 3])),
        floatTensor("b1", [8], weights([8])),
        floatTensor("w2", [3, 8], weights([3, 8])),
        floatTensor("b2", [3], weights([3])),
      ],
      nodes: [
        node("Conv", [["image", "w1", "b1"], ["c"]], {
          name: "conv",
          attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1] },
        }),
        node("Relu", [["c"], ["r"]], { name: "relu" }),
        node("GlobalAveragePool", [["r"], ["p"]], { name: "pool" }),
        node("Flatten", [["p"], ["f"]], { name: "flatten" }),
        node("Gemm", [["f", "w2", "b2"], ["scores"]], { name: "classifier", attributes: { transB: 1 } }),
      ],
    }),
  );
}

/** Writes the tiny model and 240 + 60 images in IDX; gives their paths. */
export function writeInputs(folder: string): { readonly modelFile: string; readonly dataFolder: string } {
  const modelFile = join(folder, "tiny.onnx");
  writeFileSync(modelFile, encodeModel(tinyModel()));
  const dataFolder = join(folder, "stripes");
  mkdirSync(dataFolder);
  writePart(dataFolder, "train", 240);
  writePart(dataFolder, "t10k", 60);
  writeFileSync(join(dataFolder, "classes.txt"), "rows\ncolumns\nnoise\n");
  return { modelFile, dataFolder };
}

function writePart(folder: string, part: string, count: number): void {
  const random = seededRandom(count, part);
  const images = new Uint8Array(16 + count * 64);
  const labels = new Uint8Array(8 + count);
  const header = new DataView(images.buffer);
  [0x803, count, 8, 8].forEach((n, i) => header.setUint32(i * 4, n));
  const other = new DataView(labels.buffer);
  [0x801, count].forEach((n, i) => other.setUint32(i * 4, n));
  for (let i = 0; i < count; i++) {
    const label = i % 3;
    labels[8 + i] = label;
    for (let p = 0; p < 64; p++) {
      const stripe = label === 0 ? p >> 3 : p & 7;
      images[16 + i * 64 + p] = label === 2 ? random.integer(256) : (stripe % 2) * 200 + random.integer(50);
    }
  }
  writeFileSync(join(folder, `${part}-images-idx3-ubyte`), images);
  writeFileSync(join(folder, `${part}-labels-idx1-ubyte`), labels);
}
