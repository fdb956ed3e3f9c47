import { elementCount } from "./array.ts";
import { LatheError } from "./error.ts";

/**
 * Numbers with many zeros as a bitmap, one bit per element with the first in the lowest bit, and the others in their order.
 * Exact but for the sign of zeros.
 */
export function encodeSparse(values: Float32Array): Uint8Array {
  const kept = values.filter((x) => x !== 0);
  const map = new Uint8Array(Math.ceil(values.length / 8));
  for (let i = 0; i < values.length; i++) if (values[i] !== 0) map[i >> 3]! |= 1 << (i & 7);
  const bytes = new Uint8Array(map.byteLength + kept.byteLength);
  bytes.set(map);
  bytes.set(new Uint8Array(kept.buffer, kept.byteOffset, kept.byteLength), map.byteLength);
  return bytes;
}

/**
 * The numbers behind `encodeSparse`.
 * @throws invalid-argument where bitmap and bytes do not fit
 */
export function decodeSparse(bytes: Uint8Array, dims: readonly number[]): Float32Array {
  const count = elementCount(dims);
  const start = Math.ceil(count / 8);
  let kept = 0;
  for (let i = 0; i < count; i++) kept += ((bytes[i >> 3] ?? 0) >> (i & 7)) & 1;
  if (bytes.byteLength !== start + 4 * kept) {
    throw new LatheError("invalid-argument", `"${bytes.byteLength}" bytes are no sparse [${dims.join(",")}].`);
  }
  const numbers = new Float32Array(bytes.slice(start).buffer);
  const values = new Float32Array(count);
  for (let i = 0, next = 0; i < count; i++) if (((bytes[i >> 3]! >> (i & 7)) & 1) === 1) values[i] = numbers[next++]!;
  return values;
}
