import { elementCount, toFloat32, type NdArray } from "../base/array.ts";
import type { ElementType } from "../base/elementType.ts";
import { LatheError } from "../base/error.ts";
import { tensorArray } from "./build.ts";
import type { Model, Tensor } from "./model.ts";
import { namedTensors } from "./tensors.ts";

/** A constant that holds NaN. */
export interface NanConstant {
  readonly name: string;
  /** Elements that are NaN, of how many, and the first of them, in row-major order. */
  readonly count: number;
  readonly of: number;
  readonly first: number;
}

const FLOATS: ReadonlySet<ElementType> = new Set(["float16", "bfloat16", "float32", "float64"]);

/** Whether a constant could hold NaN that is no part of a formula, as a lone number may be. */
export const mayHoldNan = ({ type, dims }: Tensor): boolean => FLOATS.has(type) && elementCount(dims) > 1;

/** How many of some elements are NaN, and the place of the first. */
export function countNan(array: NdArray): { readonly count: number; readonly first: number } {
  const data = array.data instanceof Float64Array ? array.data : toFloat32(array);
  let [count, first] = [0, -1];
  for (let i = 0; i < data.length; i++) {
    if (!Number.isNaN(data[i])) continue;
    if (count++ === 0) first = i;
  }
  return { count, first };
}

/** Constants in memory with NaN among several elements; external data are not read. */
export function nanConstants(model: Model): readonly NanConstant[] {
  const found: NanConstant[] = [];
  for (const { name, tensor } of namedTensors(model)) {
    if (!mayHoldNan(tensor) || tensor.data.kind !== "bytes") continue;
    const { count, first } = countNan(tensorArray(tensor));
    if (count > 0) found.push({ name, count, of: elementCount(tensor.dims), first });
  }
  return found;
}

/** `"w1" holds NaN (1 of 216 elements, the first at index 0)`, and how many others there are. */
export function describeNan(found: readonly NanConstant[]): string {
  const [{ name, count, of, first } = { name: "", count: 0, of: 0, first: 0 }] = found;
  const others = found.length === 1 ? "" : `, and so do ${found.length - 1} other constants`;
  return `"${name}" holds "NaN" (${count} of ${of} elements, the first at index ${first})${others}`;
}

/** What helps against NaN in a model. */
export const NAN_HINT = "No sum with it is a number: export the model again from weights that are whole.";

/**
 * Refuses a model whose weights no arithmetic can mend.
 * @param what cannot be done, as a sentence begins with it, for instance "Training cannot start"
 * @throws numeric naming the constant
 */
export function refuseNan(model: Model, what: string): void {
  const found = nanConstants(model);
  if (found.length === 0) return;
  throw new LatheError("numeric", `${what}: the constant ${describeNan(found)}.`, {
    hint: NAN_HINT,
    details: { constants: found.slice(0, 100).map(({ name }) => name) },
  });
}
