import { createHash } from "node:crypto";
import { join } from "node:path";
import sharp from "sharp";
import { arrayBytes } from "../../core/base/array.ts";
import type { ImagePreprocessing } from "../../core/contract/preprocessing.ts";
import type { SampleStream } from "../../core/data/batches.ts";
import { pattern, writeFiles } from "./fixtures.ts";

export const COUNT = 75;

export const p: ImagePreprocessing = {
  kind: "image",
  channels: "rgb",
  height: 16,
  width: 16,
  resize: "shorter-side",
  resizeTo: 20,
  interpolation: "bicubic",
  scale: 1 / 255,
  mean: [0.5, 0.4, 0.3],
  std: [0.2, 0.2, 0.2],
  layout: "nchw",
  type: "float32",
};
export const indices = Int32Array.from({ length: COUNT }, (_, i) => (i * 31) % COUNT);

async function picture(i: number): Promise<Buffer> {
  const [width, height] = [17 + (i % 9), 19 + (i % 5)];
  const image = sharp(pattern(width * height * 3 + i).subarray(i), { raw: { width, height, channels: 3 } });
  return i % 3 === 0 ? image.jpeg().toBuffer() : image.png().toBuffer();
}

/** Writes pictures of several sizes into class folders below `root`. */
export async function pictures(root: string, name: string): Promise<string> {
  const files = await Promise.all(
    Array.from({ length: COUNT }, async (_, i) => [`c${i % 4}/${i}.png`, await picture(i)] as const),
  );
  return writeFiles(join(root, name), Object.fromEntries(files));
}

interface Digest {
  readonly sizes: number[];
  readonly sha256: string;
}

/** Batch sizes, and SHA-256 of all that a stream gives. */
export async function digest(stream: SampleStream, size: number): Promise<Digest> {
  const hash = createHash("sha256");
  const sizes: number[] = [];
  for await (const { input, labels, indices: part } of stream.batches(size)) {
    sizes.push(input.dims[0]!);
    hash
      .update(arrayBytes(input))
      .update(part)
      .update(labels ?? new Int32Array(0));
  }
  return { sizes, sha256: hash.digest("hex") };
}

/** Handles of worker threads that are alive. */
export const threads = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "MessagePort").length;
