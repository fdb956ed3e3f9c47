import type { ImagePreprocessing } from "../contract/preprocessing.ts";
import type { RawImage } from "./dataset.ts";

type Interpolation = ImagePreprocessing["interpolation"];

interface Filter {
  readonly support: number;
  readonly weight: (x: number) => number;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

const FILTERS: Readonly<Record<Exclude<Interpolation, "nearest">, Filter>> = {
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  // Keys (1981) with a = −1/2.
  bicubic: {
    support: 2,
    weight: (signed) => {
      const x = Math.abs(signed);
      if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
      return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
    },
  },
  lanczos: { support: 3, weight: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** Weights are whole multiples of 2⁻²², so that sums of 8-bit samples are exact in 32 bits. */
const PRECISION = 22;

/**
 * Resamples to another size as Pillow's `Image.resize` does, bit for bit: a separable filter, widened by the
 * factor of reduction (antialiasing), horizontal pass first, each pass rounded to 8 bits. `nearest` takes the
 * sample under the centre of each new pixel. An image that has the size already is returned as it is.
 */
export function resample(image: RawImage, size: { width: number; height: number }, by: Interpolation): RawImage {
  const { width, height } = size;
  if (image.width === width && image.height === height) return image;
  if (by === "nearest") return nearest(image, size);
  const filter = FILTERS[by];
  let { pixels } = image;
  const { channels } = image;
  if (image.width !== width) {
    const table = weights(image.width, width, filter);
    const rows = { count: image.height, length: image.width * channels };
    pixels = channels === 1 ? horizontalGrey(pixels, table, rows) : horizontalColour(pixels, table, rows);
  }
  if (image.height !== height) pixels = vertical(pixels, weights(image.height, height, filter), width * channels);
  return { kind: "image", width, height, channels, pixels };
}

interface Weights {
  readonly size: number;
  readonly taps: number;
  readonly first: Int32Array;
  readonly counts: Int32Array;
  /** `taps` weights for each of `size` outputs. */
  readonly values: Int32Array;
}

function weights(from: number, to: number, filter: Filter): Weights {
  const ratio = from / to;
  const widening = Math.max(ratio, 1);
  const support = filter.support * widening;
  const taps = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(to);
  const counts = new Int32Array(to);
  const values = new Int32Array(to * taps);
  const raw = new Float64Array(taps);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * ratio;
    const low = Math.max(0, Math.trunc(centre - support + 0.5));
    const count = Math.min(from, Math.trunc(centre + support + 0.5)) - low;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      raw[k] = filter.weight((k + low - centre + 0.5) * (1 / widening));
      sum += raw[k]!;
    }
    for (let k = 0; k < count; k++) {
      const fixed = (sum === 0 ? raw[k]! : raw[k]! / sum) * (1 << PRECISION);
      values[i * taps + k] = Math.trunc(fixed + (fixed < 0 ? -0.5 : 0.5));
    }
    first[i] = low;
    counts[i] = count;
  }
  return { size: to, taps, first, counts, values };
}

interface Rows {
  readonly count: number;
  /** Samples of a row. */
  readonly length: number;
}

const HALF = 1 << (PRECISION - 1);

function level(sum: number): number {
  const rounded = sum >> PRECISION;
  return rounded < 0 ? 0 : rounded > 255 ? 255 : rounded;
}

function horizontalGrey(source: Uint8Array, table: Weights, { count, length }: Rows): Uint8Array {
  const { size, taps, first, counts, values } = table;
  const out = new Uint8Array(count * size);
  for (let row = 0, to = 0; row < count; row++) {
    for (let i = 0; i < size; i++, to++) {
      const from = row * length + first[i]!;
      const end = counts[i]!;
      let sum = HALF;
      for (let k = 0; k < end; k++) sum = (sum + source[from + k]! * values[i * taps + k]!) | 0;
      out[to] = level(sum);
    }
  }
  return out;
}

function horizontalColour(source: Uint8Array, table: Weights, { count, length }: Rows): Uint8Array {
  const { size, taps, first, counts, values } = table;
  const out = new Uint8Array(count * size * 3);
  for (let row = 0, to = 0; row < count; row++) {
    for (let i = 0; i < size; i++, to += 3) {
      let from = row * length + first[i]! * 3;
      const end = i * taps + counts[i]!;
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      for (let k = i * taps; k < end; k++, from += 3) {
        const weight = values[k]!;
        red = (red + source[from]! * weight) | 0;
        green = (green + source[from + 1]! * weight) | 0;
        blue = (blue + source[from + 2]! * weight) | 0;
      }
      out[to] = level(red);
      out[to + 1] = level(green);
      out[to + 2] = level(blue);
    }
  }
  return out;
}

/** Whole rows are weighted and summed, which reads the memory in order. */
function vertical(source: Uint8Array, table: Weights, length: number): Uint8Array {
  const { size, taps, first, counts, values } = table;
  const out = new Uint8Array(size * length);
  const sums = new Int32Array(length);
  for (let i = 0; i < size; i++) {
    sums.fill(HALF);
    for (let k = 0; k < counts[i]!; k++) {
      const weight = values[i * taps + k]!;
      const from = (first[i]! + k) * length;
      for (let x = 0; x < length; x++) sums[x] = sums[x]! + source[from + x]! * weight;
    }
    for (let x = 0; x < length; x++) out[i * length + x] = level(sums[x]!);
  }
  return out;
}

function nearest(image: RawImage, { width, height }: { width: number; height: number }): RawImage {
  const { channels } = image;
  const pixels = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * image.height) / height) * image.width;
    for (let x = 0; x < width; x++) {
      const from = (row + Math.floor(((x + 0.5) * image.width) / width)) * channels;
      for (let c = 0; c < channels; c++) pixels[(y * width + x) * channels + c] = image.pixels[from + c]!;
    }
  }
  return { kind: "image", width, height, channels, pixels };
}
