import { arrayFromBytes, elementCount, toFloat32 } from "../base/array.ts";
import { hasNumbers } from "./describe.ts";
import type { Change, ElementChange } from "./diffTypes.ts";
import type { Tensor } from "./model.ts";
import { sameBytes, sameData } from "./sameData.ts";

export type TensorDifference =
  | { readonly kind: "same" }
  /** Both on disk in different places, or one in memory and one on disk. */
  | { readonly kind: "unread" }
  | { readonly kind: "facts"; readonly changes: readonly Change[] }
  | { readonly kind: "elements"; readonly elements: ElementChange };

/** How the second tensor differs in type, shape or content; its name does not count. */
export function diffTensors(a: Tensor, b: Tensor): TensorDifference {
  const changes: Change[] = [];
  if (a.type !== b.type) changes.push({ what: "type", before: a.type, after: b.type });
  if (!sameData(a.dims, b.dims))
    changes.push({ what: "shape", before: `[${a.dims.join(",")}]`, after: `[${b.dims.join(",")}]` });
  if (changes.length > 0) return { kind: "facts", changes };
  if (a.data.kind === "external" && b.data.kind === "external") {
    const samePlace = a.data.file === b.data.file && a.data.offset === b.data.offset && a.data.length === b.data.length;
    return { kind: samePlace ? "same" : "unread" };
  }
  if (a.data.kind === "external" || b.data.kind === "external") return { kind: "unread" };
  if (a.data.kind === "strings" || b.data.kind === "strings") {
    if (sameData(a.data, b.data)) return { kind: "same" };
    return { kind: "facts", changes: [{ what: "content" }] };
  }
  if (a.data.bytes === b.data.bytes || sameBytes(a.data.bytes, b.data.bytes)) return { kind: "same" };
  if (!hasNumbers(a.type)) return { kind: "facts", changes: [{ what: "content" }] };
  return compareElements(a, [a.data.bytes, b.data.bytes]);
}

function compareElements(tensor: Tensor, [x, y]: readonly [Uint8Array, Uint8Array]): TensorDifference {
  const [a, b] = [numbers(tensor, x), numbers(tensor, y)];
  let differing = 0;
  let maximum = 0;
  let nonFinite = 0;
  for (let i = 0; i < a.length; i++) {
    if (Object.is(a[i], b[i])) continue;
    differing++;
    const distance = Math.abs(a[i]! - b[i]!);
    if (Number.isFinite(distance)) maximum = Math.max(maximum, distance);
    else nonFinite++;
  }
  return { kind: "elements", elements: { differing, total: elementCount(tensor.dims), maximum, nonFinite } };
}

function numbers(tensor: Tensor, bytes: Uint8Array): Float32Array | Float64Array {
  const array = arrayFromBytes(tensor.type, tensor.dims, bytes);
  if (array.data instanceof Float64Array) return array.data;
  if (array.data instanceof BigInt64Array || array.data instanceof BigUint64Array)
    return Float64Array.from(array.data, Number);
  if (array.data instanceof Int32Array || array.data instanceof Uint32Array) return Float64Array.from(array.data);
  return toFloat32(array);
}
