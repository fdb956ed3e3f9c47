import type { ElementType } from "../base/elementType.ts";
import { roundHalfEven } from "../base/rounding.ts";

/** real = scale·(quantised − zeroPoint) */
export interface Affine {
  readonly type: QuantizedType;
  readonly scale: number;
  readonly zeroPoint: number;
  /** Number of levels in use, from the type's lowest on (uint8) or around zero (int8), where fewer than all are. */
  readonly levels?: number;
}

export type QuantizedType = Extract<ElementType, "int8" | "uint8">;

const LIMITS: Readonly<Record<QuantizedType, readonly [number, number]>> = { int8: [-128, 127], uint8: [0, 255] };

/** Lowest and highest level of a type, or of so many of its levels. */
export function limitsOf(type: QuantizedType, levels = 256): readonly [number, number] {
  return levels === 256 ? LIMITS[type] : type === "int8" ? [-levels / 2, levels / 2 - 1] : [0, levels - 1];
}

/**
 * The affine map that spreads [low, high], extended to hold 0, over the whole type. Zero is exact, and a
 * range that starts at zero gets the type's lowest value as zero point, which lets the runtime absorb a
 * ReLU into the quantiser.
 */
export function affineOf(low: number, high: number, type: QuantizedType): Affine {
  return affineWithin([low, high], type, 256);
}

/** The same over so many of the type's levels. */
export function affineWithin([low, high]: readonly [number, number], type: QuantizedType, levels: number): Affine {
  const [first, last] = limitsOf(type, levels);
  const fewer = levels === 256 ? {} : { levels };
  const [from, to] = [Math.min(low, 0), Math.max(high, 0)];
  const scale = Math.fround((to - from) / (last - first));
  if (!(scale > 0) || !Number.isFinite(scale)) return { type, scale: 1, zeroPoint: first, ...fewer };
  const zeroPoint = Math.min(last, Math.max(first, roundHalfEven(first - from / scale)));
  return { type, scale, zeroPoint, ...fewer };
}

/** Quantises values, saturating at the lowest and highest level. */
export function quantizeValues(values: Float32Array, affine: Affine): Int8Array | Uint8Array {
  const { type, scale, zeroPoint } = affine;
  const [first, last] = limitsOf(type, affine.levels);
  const out = type === "int8" ? new Int8Array(values.length) : new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    // The division is one of float32, as in the runtime; otherwise values near the middle of a step would differ.
    out[i] = Math.min(last, Math.max(first, roundHalfEven(Math.fround(values[i]! / scale)) + zeroPoint));
  }
  return out;
}
