import type { ElementType } from "../base/elementType.ts";
import { roundHalfEven } from "../base/rounding.ts";

/** real = scale·(quantised − zeroPoint) */
export interface Affine {
  readonly type: QuantizedType;
  readonly scale: number;
  readonly zeroPoint: number;
}

export type QuantizedType = Extract<ElementType, "int8" | "uint8">;

const LIMITS: Readonly<Record<QuantizedType, readonly [number, number]>> = { int8: [-128, 127], uint8: [0, 255] };

export function limitsOf(type: QuantizedType): readonly [number, number] {
  return LIMITS[type];
}

/**
 * The affine map that spreads [low, high], extended to hold 0, over the whole type. Zero is exact, and a
 * range that starts at zero gets the type's lowest value as zero point, which lets the runtime absorb a
 * ReLU into the quantiser.
 */
export function affineOf(low: number, high: number, type: QuantizedType): Affine {
  const [first, last] = LIMITS[type];
  const [from, to] = [Math.min(low, 0), Math.max(high, 0)];
  const scale = Math.fround((to - from) / (last - first));
  if (!(scale > 0) || !Number.isFinite(scale)) return { type, scale: 1, zeroPoint: first };
  const zeroPoint = Math.min(last, Math.max(first, roundHalfEven(first - from / scale)));
  return { type, scale, zeroPoint };
}

/** Quantises values, saturating at the type's limits. */
export function quantizeValues(values: Float32Array, { type, scale, zeroPoint }: Affine): Int8Array | Uint8Array {
  const [first, last] = LIMITS[type];
  const out = type === "int8" ? new Int8Array(values.length) : new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    // The division is one of float32, as in the runtime; otherwise values near the middle of a step would differ.
    out[i] = Math.min(last, Math.max(first, roundHalfEven(Math.fround(values[i]! / scale)) + zeroPoint));
  }
  return out;
}
