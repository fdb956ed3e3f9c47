import { elementCount, toFloat32, type ArrayData, type NdArray } from "../base/array.ts";
import { LatheError } from "../base/error.ts";
import type { ArrayPreprocessing, ImagePreprocessing, Preprocessing } from "../contract/preprocessing.ts";
import type { RawImage, RawSample } from "./dataset.ts";
import { fitImage } from "./fit.ts";
import { roundHalfEven } from "../base/rounding.ts";

/** Element storage that samples are prepared into. */
export type Target = Exclude<ArrayData, readonly string[]>;

/** Where a prepared sample goes. */
export interface Place {
  readonly into: Target;
  /** First element to write. */
  readonly offset: number;
  /** What errors call the sample. */
  readonly name: string;
}

/** A preprocessing made ready for many samples. */
export interface Preparer {
  readonly type: Preprocessing["type"];
  /** Shape of one prepared sample, without the batch. */
  readonly shape: readonly number[];
  /** Elements of one prepared sample. */
  readonly size: number;
  /** Storage for `count` prepared samples. */
  allocate(count: number): Target;
  /** Prepares one sample into its place. Throws `invalid-data` where it does not fit. */
  prepare(sample: RawSample, place: Place): void;
}

/**
 * Compiles a preprocessing. Images are converted to the model's channels (grey is ITU-R 601 luma in 16-bit fixed
 * point, as Pillow's `convert("L")`), resized, cropped, and each level v becomes (v·scale − mean) / std, computed
 * in double precision and rounded once; integers round half to even and saturate.
 * Throws `invalid-argument` where mean and std do not fit the channels.
 */
export function preparer(preprocessing: Preprocessing): Preparer {
  return preprocessing.kind === "image" ? imagePreparer(preprocessing) : arrayPreparer(preprocessing);
}

/** Prepares one sample on its own; shape [1, ...sample shape]. */
export function prepareOne(sample: RawSample, preprocessing: Preprocessing, name = "sample"): NdArray {
  const { type, shape, allocate, prepare } = preparer(preprocessing);
  const data = allocate(1);
  prepare(sample, { into: data, offset: 0, name });
  return { type, dims: [1, ...shape], data };
}

function imagePreparer(p: ImagePreprocessing): Preparer {
  const channels = p.channels === "grey" ? 1 : 3;
  const mean = perAxis(p.mean, channels, { what: "mean", absent: 0 });
  const std = perAxis(p.std, channels, { what: "std", absent: 1 });
  const area = p.height * p.width;
  const size = channels * area;
  const round = rounding(p.type);
  // Samples have 256 levels, so the affine map and its rounding are a table per channel of the model.
  const tables = mean.map((m, c) => Float64Array.from({ length: 256 }, (_, v) => round((v * p.scale - m) / std[c]!)));
  const channelStep = p.layout === "nchw" ? area : 1;
  const pixelStep = p.layout === "nchw" ? 1 : channels;
  const prepare = (sample: RawSample, { into, offset, name }: Place): void => {
    const { pixels } = fitImage(asImage(sample, name), p, name);
    for (let c = 0; c < channels; c++) {
      const table = tables[c]!;
      const from = p.channels === "bgr" ? 2 - c : c;
      let to = offset + c * channelStep;
      for (let i = from; i < size; i += channels, to += pixelStep) into[to] = table[pixels[i]!]!;
    }
  };
  const shape = p.layout === "nchw" ? [channels, p.height, p.width] : [p.height, p.width, channels];
  return { type: p.type, shape, size, allocate: (count) => allocate(p.type, count * size), prepare };
}

function arrayPreparer(p: ArrayPreprocessing): Preparer {
  const size = elementCount(p.shape);
  const last = p.shape.at(-1) ?? 1;
  const mean = perAxis(p.mean, last, { what: "mean", absent: 0 });
  const std = perAxis(p.std, last, { what: "std", absent: 1 });
  const round = rounding(p.type);
  const prepare = (sample: RawSample, { into, offset, name }: Place): void => {
    const shape = sample.kind === "image" ? [sample.height, sample.width, sample.channels] : sample.array.dims;
    if (elementCount(shape) !== size) {
      const text = `Sample "${name}" has shape "[${shape.join(",")}]"; the model needs [${p.shape.join(",")}].`;
      throw new LatheError("invalid-data", text, { hint: "Choose the data that the model was trained for." });
    }
    const values = sample.kind === "image" ? sample.pixels : numbers(sample.array, p);
    for (let i = 0; i < size; i++) {
      const value = values[i]!;
      if (typeof value === "bigint") (into as BigInt64Array)[offset + i] = value;
      else {
        if (Number.isNaN(value)) throw notANumber(name, i);
        const mapped = round((value * p.scale - mean[i % last]!) / std[i % last]!);
        if (into instanceof BigInt64Array || into instanceof BigUint64Array) into[offset + i] = BigInt(mapped);
        else into[offset + i] = mapped;
      }
    }
  };
  return { type: p.type, shape: p.shape, size, allocate: (count) => allocate(p.type, count * size), prepare };
}

function notANumber(name: string, position: number): LatheError {
  return new LatheError("invalid-data", `Sample "${name}" holds "NaN" at position ${position}.`, {
    hint: "Fill or remove such samples.",
  });
}

/** Values to map. Whole 64-bit numbers that go in unchanged stay exact. */
function numbers(array: NdArray, p: ArrayPreprocessing): ArrayLike<number> | BigInt64Array {
  const isIdentity = p.scale === 1 && p.mean.every((m) => m === 0) && p.std.every((s) => s === 1);
  if (array.data instanceof BigInt64Array && p.type === "int64" && isIdentity) return array.data;
  return array.data instanceof Float64Array || array.data instanceof Int32Array ? array.data : toFloat32(array);
}

function asImage(sample: RawSample, name: string): RawImage {
  if (sample.kind === "image") return sample;
  const shape = sample.array.dims.join(",");
  throw new LatheError(
    "invalid-data",
    `Sample "${name}" is a ${sample.array.type}[${shape}] array; the model's preprocessing is for images.`,
    {
      hint: 'Store images as 8-bit levels, or choose a preprocessing of kind "array".',
    },
  );
}

/** One value for each of `count` positions: none, one for all, or one each. */
function perAxis(
  values: readonly number[],
  count: number,
  { what, absent }: { what: string; absent: number },
): number[] {
  if (values.length === count) return [...values];
  if (values.length <= 1) return Array.from({ length: count }, () => values[0] ?? absent);
  throw new LatheError(
    "invalid-argument",
    `The preprocessing's ${what} has "${values.length}" values for ${count} channels.`,
    {
      hint: `Give one value, or ${count}.`,
    },
  );
}

const RANGES: Partial<Record<Preprocessing["type"], readonly [number, number]>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  int32: [-0x8000_0000, 0x7fff_ffff],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
};

function rounding(type: Preprocessing["type"]): (value: number) => number {
  const range = RANGES[type];
  if (range === undefined) return (value) => value;
  return (value) => Math.min(range[1], Math.max(range[0], roundHalfEven(value)));
}

function allocate(type: Preprocessing["type"], count: number): Target {
  switch (type) {
    case "float32":
      return new Float32Array(count);
    case "float16":
      return new Float16Array(count);
    case "float64":
      return new Float64Array(count);
    case "uint8":
      return new Uint8Array(count);
    case "int8":
      return new Int8Array(count);
    case "int32":
      return new Int32Array(count);
    case "int64":
      return new BigInt64Array(count);
  }
}
