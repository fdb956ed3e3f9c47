import { toFloat32 } from "../base/array.ts";
import type { RawImage, RawSample } from "./dataset.ts";
import type { Normalisation } from "./presets.ts";

/** Digits behind the point that are kept: presets have as many, and samples tell no more. */
const DIGITS = 4;

/**
 * Mean and deviation of some samples: of each colour of images, whose levels are scaled to [0, 1]; of each column of
 * rows; of all elements of other arrays. What does not vary has the deviation 1. Undefined without samples.
 */
export function ownLevels(samples: readonly RawSample[]): Normalisation | undefined {
  const [first] = samples;
  if (first === undefined) return undefined;
  if (first.kind === "image") {
    const images = samples.filter((s): s is RawImage => s.kind === "image");
    return statistics(
      images.map((image) => image.pixels),
      { columns: first.channels, scale: 1 / 255 },
    );
  }
  const arrays = samples.flatMap((s) => (s.kind === "array" ? [s.array] : []));
  const columns = first.array.dims.length === 1 ? (first.array.dims[0] ?? 1) : 1;
  return statistics(
    arrays.map((array) => (array.data instanceof Float64Array ? array.data : toFloat32(array))),
    { columns, scale: 1 },
  );
}

interface Columns {
  readonly columns: number;
  readonly scale: number;
}

function statistics(all: readonly ArrayLike<number>[], { columns, scale }: Columns): Normalisation {
  const sums = new Float64Array(columns);
  const squares = new Float64Array(columns);
  // Shifted by the first values, so that large ones with small deviations lose no digits.
  const shift = Float64Array.from({ length: columns }, (_, c) => all[0]?.[c] ?? 0);
  let count = 0;
  for (const values of all) {
    for (let i = 0; i < values.length; i++) {
      const c = i % columns;
      const v = values[i]! - shift[c]!;
      sums[c]! += v;
      squares[c]! += v * v;
    }
    count += values.length / columns;
  }
  const round = (v: number): number => (scale === 1 ? v : Number(v.toFixed(DIGITS)));
  const mean = Array.from(sums, (sum, c) => round((sum / count + shift[c]!) * scale));
  const std = Array.from(squares, (square, c) => {
    const variance = square / count - (sums[c]! / count) ** 2;
    return round(Math.sqrt(Math.max(0, variance)) * scale) || 1;
  });
  return { scale, mean, std };
}
