import sharp from "sharp";
import { seededRandom } from "../../core/base/random.ts";
import type { ImagePreprocessing } from "../../core/contract/preprocessing.ts";
import { prepareOne } from "../../core/data/prepare.ts";
import { floatTensor, graph, model, node, value } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import { toFloat32 } from "../../core/base/array.ts";
import { writeFiles } from "../data/fixtures.ts";

/** Ten colours, none grey: red and blue exchanged make other ones. */
const COLOURS: readonly (readonly [number, number, number])[] = [
  [200, 90, 60],
  [60, 90, 200],
  [180, 180, 70],
  [70, 180, 180],
  [120, 60, 160],
  [160, 60, 120],
  [90, 150, 60],
  [60, 150, 90],
  [200, 140, 150],
  [110, 110, 140],
];
const NAMES = COLOURS.map((_, i) => `colour${i}`);

export interface ColourOptions {
  readonly metadata?: Readonly<Record<string, string>>;
  /** Colours that it knows. */
  readonly classes?: number;
}

/** A model that names the colour nearest to the mean of the image, as that preparation has both: it was made for no other. */
export function colourModel(p: ImagePreprocessing, { metadata, classes = COLOURS.length }: ColourOptions = {}): Model {
  const one: ImagePreprocessing = { ...p, resize: "none", height: 1, width: 1, layout: "nchw", type: "float32" };
  const means = COLOURS.slice(0, classes).map((c) =>
    Array.from(
      toFloat32(prepareOne({ kind: "image", width: 1, height: 1, channels: 3, pixels: Uint8Array.from(c) }, one)),
    ),
  );
  // −|x − c|² without |x|², which is the same for all: 2·c·x − |c|².
  const weights = means.flatMap((c) => c.map((v) => 2 * v));
  const biases = means.map((c) => -c.reduce((sum, v) => sum + v * v, 0));
  return model(
    graph({
      inputs: [value("image", "float32", ["batch", 3, p.height, p.width])],
      outputs: [value("scores", "float32", ["batch", classes])],
      initializers: [
        floatTensor("w", [classes, 3], Float32Array.from(weights)),
        floatTensor("b", [classes], Float32Array.from(biases)),
      ],
      nodes: [
        node("GlobalAveragePool", [["image"], ["pooled"]]),
        node("Flatten", [["pooled"], ["flat"]]),
        node("Gemm", [["flat", "w", "b"], ["scores"]], { attributes: { transB: 1 } }),
      ],
    }),
    metadata === undefined ? {} : { metadata },
  );
}

/** Noisy images of the colours as CIFAR, `train` and `test` of them; the label of a test image is its colour plus `shift`. */
export function writeColours(
  folder: string,
  { train, test, shift = 0 }: { train: number; test: number; shift?: number },
) {
  const part = (count: number, seed: number, off: number): Uint8Array => {
    const random = seededRandom(seed, "colours");
    const bytes = new Uint8Array(count * 3073);
    for (let i = 0; i < count; i++) {
      const label = i % COLOURS.length;
      bytes[i * 3073] = (label + off) % COLOURS.length;
      for (let c = 0; c < 3; c++) {
        const level = COLOURS[label]![c]! + random.normal() * 6;
        for (let p = 0; p < 1024; p++) bytes[i * 3073 + 1 + c * 1024 + p] = level + random.normal() * 8;
      }
    }
    return bytes;
  };
  return writeFiles(folder, {
    "data_batch_1.bin": part(train, 1, 0),
    "test_batch.bin": part(test, 2, shift),
    "batches.meta.txt": `${NAMES.join("\n")}\n`,
  });
}

/**
 * Wide pictures in class folders: their outer parts have the colour of the class, the square in the middle that of some
 * other class in half of them.
 */
export async function writeWide(folder: string, count: number): Promise<string> {
  const random = seededRandom(3, "wide");
  for (let i = 0; i < count; i++) {
    const label = i % COLOURS.length;
    const middle = random.next() < 0.5 ? label : random.integer(COLOURS.length);
    const pixels = new Uint8Array(16 * 64 * 3);
    for (let p = 0; p < 16 * 64; p++) {
      const x = p % 64;
      const colour = COLOURS[x >= 24 && x < 40 ? middle : label]!;
      for (let c = 0; c < 3; c++) pixels[p * 3 + c] = colour[c]! + random.normal() * 6;
    }
    const png = await sharp(pixels, { raw: { width: 64, height: 16, channels: 3 } })
      .png()
      .toBuffer();
    writeFiles(folder, { [`${NAMES[label]!}/${i}.png`]: png });
  }
  return folder;
}
