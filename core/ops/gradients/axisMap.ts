import type { ElementType } from "../../base/elementType.ts";
import { ELEMENT_TYPES } from "../../base/elementType.ts";
import { filled } from "../constants.ts";
import type { GraphWriter } from "../gradient.ts";
import { axesFrom, permute, sizeVector, type Size } from "./sizes.ts";

/** The unit matrix [n, n], for running an op that is linear along one axis on it: the result is that op's matrix. */
export function unitMatrix(write: GraphWriter, size: Size, type: ElementType): string {
  const zeros = filled(write, sizeVector(write, [size, size]), { value: 0, type });
  return write.op("EyeLike", [zeros], { dtype: ELEMENT_TYPES[type].code });
}

/** dx = Rᵀ·dy along one axis, for an op y = R·x with matrix R [m, n]. */
export function throughMatrix(
  write: GraphWriter,
  dy: string,
  { matrix, axis, rank }: { readonly matrix: string; readonly axis: number; readonly rank: number },
): string {
  if (axis === rank - 1) return write.op("MatMul", [dy, matrix]);
  if (axis === rank - 2) return write.op("MatMul", [permute(write, matrix, [1, 0]), dy]);
  const others = axesFrom(0, rank).filter((a) => a !== axis);
  const moved = write.op("MatMul", [permute(write, dy, [...others, axis]), matrix]);
  const back = axesFrom(0, rank).map((a) => (a === axis ? rank - 1 : others.indexOf(a)));
  return permute(write, moved, back);
}
