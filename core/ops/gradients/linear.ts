import { floatAttribute, floatOf, intOf } from "../../graph/attributes.ts";
import { sumTo } from "../broadcast.ts";
import { factsOf, intVector, rankOf, scalar } from "../constants.ts";
import type { GradientRule, GraphWriter } from "../gradient.ts";
import { noGradientFor } from "./refuse.ts";

/** Y = α·A′·B′ + β·C, where ′ transposes if asked to. */
export const gemmGradient: GradientRule = (write, { node, dy: [dy], needs }) => {
  if (dy === undefined) return [];
  const [a = "", b = "", c = ""] = node.inputs;
  const [transA, transB] = [intOf(node, "transA", 0), intOf(node, "transB", 0)];
  const alpha = floatOf(node, "alpha", 1);
  const beta = floatOf(node, "beta", 1);
  const product = (factors: readonly string[], [first, second]: readonly [number, number]): string =>
    write.op("Gemm", factors, {
      ...(first === 1 && { transA: 1 }),
      ...(second === 1 && { transB: 1 }),
      ...(alpha !== 1 && { alpha: floatAttribute(alpha) }),
    });
  // dA′ = α·dY·B′ᵀ and dB′ = α·A′ᵀ·dY, transposed where the operand is.
  const da = (): string => (transA === 0 ? product([dy, b], [0, 1 - transB]) : product([b, dy], [transB, 1]));
  const db = (): string => (transB === 0 ? product([a, dy], [1 - transA, 0]) : product([dy, a], [1, transA]));
  // dC = β·dY, summed to the shape of C.
  const dc = (): string => {
    const summed = sumTo(write, dy, [node.outputs[0] ?? "", c]);
    return beta === 1 ? summed : write.op("Mul", [summed, scalar(write, beta, c)]);
  };
  return [needs(0) ? da() : undefined, needs(1) ? db() : undefined, c !== "" && needs(2) ? dc() : undefined];
};

/** Y = A·B over the last two axes; vectors are rows on the left, columns on the right. */
export const matMulGradient: GradientRule = (write, { node, dy: [dy], needs }) => {
  if (dy === undefined) return [];
  const [a = "", b = ""] = node.inputs;
  const [rankA, rankB] = [rankOf(write, a), rankOf(write, b)];
  if (rankA === 2 && rankB === 2) {
    return [
      // dA = dY·Bᵀ, dB = Aᵀ·dY
      needs(0) ? write.op("Gemm", [dy, b], { transB: 1 }) : undefined,
      needs(1) ? write.op("Gemm", [a, dy], { transA: 1 }) : undefined,
    ];
  }
  const added = [...(rankA === 1 ? [-2] : []), ...(rankB === 1 ? [-1] : [])];
  const rows = added.length === 0 ? dy : write.op("Unsqueeze", [dy, intVector(write, added)]);
  const without = (value: string, axis: number): string => write.op("Squeeze", [value, intVector(write, [axis])]);
  const da = (): string => {
    const whole = write.op("MatMul", [rows, transposed(write, asMatrix(write, b, 1))]);
    return narrow(write, rankA === 1 ? without(whole, -2) : whole, { operand: a, other: b });
  };
  const db = (): string => {
    if (rankB === 2 && rankA > 2) return sharedWeight(write, { a, b, dy });
    const whole = write.op("MatMul", [transposed(write, asMatrix(write, a, 0)), rows]);
    return narrow(write, rankB === 1 ? without(whole, -1) : whole, { operand: b, other: a });
  };
  return [needs(0) ? da() : undefined, needs(1) ? db() : undefined];
};

/** onnxruntime's Y = α·A′·B′ over the last two axes, where ′ transposes if asked to. */
export const fusedMatMulGradient: GradientRule = (write, { node, dy: [dy], needs }) => {
  if (dy === undefined) return [];
  const [a = "", b = ""] = node.inputs;
  const [transA, transB] = [intOf(node, "transA", 0), intOf(node, "transB", 0)];
  if (rankOf(write, a) < 2 || rankOf(write, b) < 2) throw noGradientFor(node, "vectors");
  if (intOf(node, "transBatchA", 0) + intOf(node, "transBatchB", 0) > 0) throw noGradientFor(node, "moved batch axes");
  const alpha = floatAttribute(floatOf(node, "alpha", 1));
  const product = (factors: readonly string[], [first, second]: readonly [number, number]): string =>
    write.ops("FusedMatMul", factors, {
      domain: node.domain,
      attributes: { transA: first, transB: second, alpha },
    })[0]!;
  const da = (): string => (transA === 0 ? product([dy, b], [0, 1 - transB]) : product([b, dy], [transB, 1]));
  const db = (): string => (transB === 0 ? product([a, dy], [1 - transA, 0]) : product([dy, a], [1, transA]));
  return [
    needs(0) ? narrow(write, da(), { operand: a, other: b }) : undefined,
    needs(1) ? narrow(write, db(), { operand: b, other: a }) : undefined,
  ];
};

/** One weight for the whole batch: all rows in one product instead of a product per sample and a sum. */
function sharedWeight(
  write: GraphWriter,
  { a, b, dy }: { readonly a: string; readonly b: string; readonly dy: string },
): string {
  const flat = (value: string, width: number | string | undefined): string =>
    typeof width === "number"
      ? write.op("Reshape", [value, intVector(write, [-1, width])])
      : write.op("Flatten", [value], { axis: -1 });
  const [depth, width] = factsOf(write, b).dims;
  return write.op("Gemm", [flat(a, depth), flat(dy, width)], { transA: 1 });
}

/** A vector as a matrix with one row (added axis 0) or column (1). */
function asMatrix(write: GraphWriter, value: string, added: number): string {
  const { type, dims } = factsOf(write, value);
  if (dims.length > 1) return value;
  const matrix = write.op("Unsqueeze", [value, intVector(write, [added])]);
  return write.note(matrix, { type, dims: added === 0 ? [1, ...dims] : [...dims, 1] });
}

function transposed(write: GraphWriter, value: string): string {
  const rank = rankOf(write, value);
  const perm = Array.from({ length: rank }, (_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
  return write.op("Transpose", [value], { perm });
}

/** Sums a gradient, which has the operand's own axes last, over the batch axes that only the other operand has. */
function narrow(
  write: GraphWriter,
  gradient: string,
  { operand, other }: { readonly operand: string; readonly other: string },
): string {
  const { type, dims } = factsOf(write, operand);
  const batch = joined(dims.slice(0, -2), factsOf(write, other).dims.slice(0, -2));
  const whole = write.note(gradient, { type, dims: [...batch, ...dims.slice(-2)] });
  return sumTo(write, whole, [whole, operand]);
}

type Dims = readonly (number | string)[];

/** The shape that two shapes broadcast to; "?" where it cannot be told. */
function joined(a: Dims, b: Dims): Dims {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left === 1 || left === right) return right;
    if (right === 1) return left;
    return typeof left === "number" ? left : typeof right === "number" ? right : "?";
  });
}
