import { readFile } from "node:fs/promises";
import { elementCount, toFloat32, type NdArray } from "../base/array.ts";
import { toLatheError } from "../base/error.ts";
import type { SamplePreview } from "../contract/samples.ts";
import type { Dataset, RawImage, RawSample } from "./dataset.ts";
import { encodeExactly, encodeImage, shrinkImage, type Encoded } from "./image.ts";

/** Longest array of which every value is given. */
const MOST_VALUES = 32;
/** Places along the way of a long array. */
const POINTS = 96;

/**
 * What a sample looks like. An image fits a square of `side` pixels; a matrix is drawn as one; a short array gives its
 * values, a long one its highest and lowest value along the way. A sample that cannot be read says why.
 */
export async function previewSample(dataset: Dataset, index: number, side: number): Promise<SamplePreview> {
  try {
    const file = dataset.file(index);
    if (file !== undefined) return await previewFile(dataset, { index, file, side });
    const sample = dataset.view?.(index) ?? (await dataset.read(index));
    return await previewRaw(sample, side);
  } catch (thrown) {
    return { kind: "broken", reason: toLatheError(thrown, `Reading "${dataset.name(index)}"`).message };
  }
}

interface FileSample {
  readonly index: number;
  readonly file: string;
  readonly side: number;
}

async function previewFile(dataset: Dataset, { index, file, side }: FileSample): Promise<SamplePreview> {
  const made = await shrinkImage(await readFile(file), side);
  const [height = made.height, width = made.width] = dataset.index?.[dataset.name(index)]?.shape ?? [];
  return { kind: "image", url: urlOf(made), width, height };
}

export async function previewRaw(sample: RawSample, side: number): Promise<SamplePreview> {
  if (sample.kind === "image") {
    return {
      kind: "image",
      url: urlOf(await encodeImage(sample, side)),
      width: sample.width,
      height: sample.height,
    };
  }
  return previewArray(sample.array);
}

/** An array as a picture, its values, or its course. */
export async function previewArray(array: NdArray): Promise<SamplePreview> {
  const dims = [...array.dims];
  const values = toFloat32(array);
  const long = dims.filter((d) => d > 1);
  if (long.length === 2 && Math.min(...long) >= 8) {
    const [height = 1, width = 1] = long;
    return drawLevels(values, { width, height });
  }
  if (values.length <= MOST_VALUES) return { kind: "values", dims, type: array.type, values: [...values] };
  const { low, high } = courseOf(values, POINTS);
  return { kind: "curve", dims, type: array.type, low, high };
}

/** The lowest and the highest value of each of `points` equal stretches. */
export function courseOf(values: Float32Array, points: number): { readonly low: number[]; readonly high: number[] } {
  const n = Math.min(points, values.length);
  const low: number[] = [];
  const high: number[] = [];
  for (let p = 0; p < n; p++) {
    const { minimum, maximum } = rangeOf(
      values.subarray(Math.floor((p * values.length) / n), Math.floor(((p + 1) * values.length) / n)),
    );
    low.push(minimum);
    high.push(maximum);
  }
  return { low, high };
}

/** Lowest and highest finite value; zeros where there is none. */
export function rangeOf(values: Iterable<number>): { readonly minimum: number; readonly maximum: number } {
  let minimum = Infinity;
  let maximum = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
  }
  return minimum > maximum ? { minimum: 0, maximum: 0 } : { minimum, maximum };
}

export interface Levels {
  readonly width: number;
  readonly height: number;
  readonly channels?: 1 | 3;
  /** What black and white stand for; default: the lowest and the highest value. */
  readonly range?: { readonly low: number; readonly high: number };
}

/** Numbers as levels from black to white, pixel by pixel, with the range that they stand for. */
export async function drawLevels(
  values: Float32Array,
  { width, height, channels = 1, range }: Levels,
): Promise<SamplePreview> {
  const found = rangeOf(values);
  const { low, high } = range ?? { low: found.minimum, high: found.maximum };
  const scale = high > low ? 255 / (high - low) : 0;
  const pixels = new Uint8Array(width * height * channels);
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = Math.round(Math.min(255, Math.max(0, ((values[i] ?? low) - low) * scale)));
  }
  const image: RawImage = { kind: "image", width, height, channels, pixels };
  return { kind: "image", url: urlOf(await encodeExactly(image)), width, height, range: { low, high } };
}

/** What a sample holds, in words. */
export function factsOf(sample: RawSample): string {
  if (sample.kind === "image") {
    return `${sample.width} × ${sample.height} pixels, ${sample.channels === 1 ? "grey" : "RGB"}`;
  }
  const { dims, type } = sample.array;
  return `${type}[${dims.join(", ")}], ${elementCount(dims).toLocaleString("en-US")} values`;
}

function urlOf({ bytes, type }: Encoded): string {
  return `data:${type};base64,${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")}`;
}
