import { elementwise } from "./channels/elementwise.ts";
import { defineOp, defineOps, free, type OpDeclaration } from "./declare.ts";
import type { Gradient } from "./gradient.ts";
import * as rules from "./gradients/elementwise.ts";

const noKernel = { role: "float", reason: "onnxruntime has no eight-bit kernel for this arithmetic" } as const;

/** Arithmetic in float. */
const arithmetic = (
  op: string,
  gradient: Gradient,
  rest: Partial<Pick<OpDeclaration, "since" | "nonNegative" | "quantize">> = {},
): OpDeclaration =>
  defineOp({ domain: "", op, since: 1, gradient, channels: elementwise, quantize: noKernel, cost: free, ...rest });

export const elementwiseOps = [
  arithmetic("Add", rules.addGradient, { since: 7, quantize: { role: "join" } }),
  arithmetic("Mul", rules.mulGradient, { since: 7, quantize: { role: "join" } }),
  arithmetic("Sub", rules.subGradient),
  arithmetic("Div", rules.divGradient),
  arithmetic("Pow", rules.powGradient),
  arithmetic("Mod", rules.modGradient, { since: 10 }),
  arithmetic("Min", rules.extremeGradient),
  arithmetic("Max", rules.extremeGradient),
  arithmetic("Sum", rules.sumGradient),
  arithmetic("Mean", rules.meanGradient),
  arithmetic("Neg", rules.negGradient),
  arithmetic("Abs", rules.absGradient, { nonNegative: true }),
  arithmetic("Sqrt", rules.sqrtGradient),
  arithmetic("Reciprocal", rules.reciprocalGradient),
  arithmetic("Exp", rules.expGradient, { nonNegative: true }),
  arithmetic("Log", rules.logGradient),
  arithmetic("Sin", rules.sinGradient),
  arithmetic("Cos", rules.cosGradient),
  arithmetic("Tan", rules.tanGradient),
  arithmetic("Asin", rules.asinGradient),
  arithmetic("Acos", rules.acosGradient),
  arithmetic("Atan", rules.atanGradient),
  arithmetic("Sinh", rules.sinhGradient, { since: 9 }),
  arithmetic("Cosh", rules.coshGradient, { since: 9 }),
  arithmetic("Asinh", rules.asinhGradient, { since: 9 }),
  arithmetic("Acosh", rules.acoshGradient, { since: 9 }),
  arithmetic("Atanh", rules.atanhGradient, { since: 9 }),
  arithmetic("Where", rules.whereGradient),
  // Flat almost everywhere.
  ...["Sign", "Floor", "Ceil", "Round"].map((op) => arithmetic(op, "stops")),
  ...defineOps(
    [
      ...["Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual", "IsNaN", "IsInf"],
      ...["And", "Or", "Xor", "Not"],
      ...["BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitwiseNot"],
    ],
    { domain: "", since: 1, gradient: "stops", channels: elementwise, quantize: { role: "none" }, cost: free },
  ),
];
