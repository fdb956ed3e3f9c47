import { intOf } from "../../graph/attributes.ts";
import { sumTo } from "../broadcast.ts";
import { castTo, constantNumbers, factsOf } from "../constants.ts";
import type { GradientRule } from "../gradient.ts";
import { binary, formulaIn, unary, unaryFormula } from "./forms.ts";

export const addGradient = binary(
  (_, { dy }) => dy,
  (_, { dy }) => dy,
);

export const subGradient = binary(
  (_, { dy }) => dy,
  (write, { dy }) => write.op("Neg", [dy]),
);

export const mulGradient = binary(
  (write, { b, dy }) => write.op("Mul", [dy, b]),
  (write, { a, dy }) => write.op("Mul", [dy, a]),
);

/** da = dy / b, db = −dy·y / b */
export const divGradient = binary(
  (write, { b, dy }) => write.op("Div", [dy, b]),
  (write, { b, y, dy }) => write.op("Neg", [write.op("Div", [write.op("Mul", [dy, y]), b])]),
);

/**
 * y = aᵇ: da = dy·b·aᵇ⁻¹, db = dy·y·ln a. At b = 0 da is 0 whatever a is, and where a is not positive db is 0.
 */
export const powGradient: GradientRule = (write, { node, dy: [dy], needs, graph }) => {
  if (dy === undefined) return [];
  const [a = "", b = ""] = node.inputs;
  const y = node.outputs[0] ?? "";
  const f = formulaIn(write, a);
  const type = factsOf(write, a).type;
  const exponent = factsOf(write, b).type === type ? b : castTo(write, b, type);
  const da = (): string => {
    const [constant] = factsOf(write, b).dims.length === 0 ? (constantNumbers(graph, b) ?? []) : [];
    if (constant === 1) return dy;
    if (constant === 2) return f.mul(dy, f.mul(a, 2));
    if (constant !== undefined && constant !== 0)
      return f.mul(dy, f.mul(write.op("Pow", [a, f.term(constant - 1)]), constant));
    const slope = f.mul(exponent, write.op("Pow", [a, f.sub(exponent, 1)]));
    return f.mul(dy, f.where(f.equal(exponent, 0), 0, slope));
  };
  const db = (): string => {
    const isPositive = f.greater(a, 0);
    const logarithm = f.of("Log", f.where(isPositive, a, 1));
    return f.mul(dy, f.where(isPositive, f.mul(y, logarithm), 0));
  };
  return [
    needs(0) ? sumTo(write, da(), [y, a]) : undefined,
    needs(1) && exponent === b ? sumTo(write, db(), [y, b]) : undefined,
  ];
};

/** The remainder of the division that rounds to zero: y = a − b·n, da = dy, db = −dy·n with n = (a − y) / b. */
export const modGradient: GradientRule = (write, call) => {
  if (intOf(call.node, "fmod", 0) !== 1) return [];
  return binary(
    (_, { dy }) => dy,
    (w, { a, b, y, dy }) => {
      const f = formulaIn(w, a);
      return f.of("Neg", f.mul(dy, f.of("Round", f.div(f.sub(a, y), b))));
    },
  )(write, call);
};

/** The largest or smallest: operands that tie share the gradient evenly. */
export const extremeGradient: GradientRule = (write, { node, dy: [dy], needs }) => {
  const y = node.outputs[0] ?? "";
  const { inputs } = node;
  if (dy === undefined) return [];
  if (inputs.length === 1) return [dy];
  const { type } = factsOf(write, y);
  const chosen = inputs.map((input) => castTo(write, write.op("Equal", [input, y]), type));
  const share = write.op("Div", [dy, write.op(chosen.length === 2 ? "Add" : "Sum", chosen)]);
  return inputs.map((input, slot) =>
    needs(slot) ? sumTo(write, write.op("Mul", [share, chosen[slot]!]), [y, input]) : undefined,
  );
};

export const sumGradient: GradientRule = (write, { node, dy: [dy], needs }) =>
  dy === undefined
    ? []
    : node.inputs.map((input, slot) => (needs(slot) ? sumTo(write, dy, [node.outputs[0] ?? "", input]) : undefined));

export const meanGradient: GradientRule = (write, call) => {
  const [dy] = call.dy;
  const { inputs, outputs } = call.node;
  if (dy === undefined) return [];
  return sumGradient(write, { ...call, dy: [formulaIn(write, outputs[0] ?? "").div(dy, inputs.length)] });
};

/** The gradient goes to the operand that was chosen. */
export const whereGradient: GradientRule = (write, { node, dy: [dy], needs }) => {
  const [condition = "", a = "", b = ""] = node.inputs;
  const y = node.outputs[0] ?? "";
  if (dy === undefined) return [];
  const f = formulaIn(write, y);
  return [
    undefined,
    needs(1) ? sumTo(write, f.where(condition, dy, 0), [y, a]) : undefined,
    needs(2) ? sumTo(write, f.where(condition, 0, dy), [y, b]) : undefined,
  ];
};

export const negGradient = unary((write, { dy }) => write.op("Neg", [dy]));
/** dx = dy·sign x; 0 at 0 */
export const absGradient = unaryFormula((f, { x, dy }) => f.mul(dy, f.of("Sign", x)));
/** dx = dy / 2y */
export const sqrtGradient = unaryFormula((f, { y, dy }) => f.div(dy, f.mul(y, 2)));
/** dx = −dy·y² */
export const reciprocalGradient = unaryFormula((f, { y, dy }) => f.of("Neg", f.mul(dy, f.square(y))));
/** dx = dy·y */
export const expGradient = unaryFormula((f, { y, dy }) => f.mul(dy, y));
/** dx = dy / x */
export const logGradient = unaryFormula((f, { x, dy }) => f.div(dy, x));
/** dx = dy·(2/√π)·e^(−x²) */
export const erfGradient = unaryFormula((f, { x, dy }) =>
  f.mul(dy, f.mul(f.of("Exp", f.of("Neg", f.square(x))), 2 / Math.sqrt(Math.PI))),
);

export const sinGradient = unaryFormula((f, { x, dy }) => f.mul(dy, f.of("Cos", x)));
export const cosGradient = unaryFormula((f, { x, dy }) => f.of("Neg", f.mul(dy, f.of("Sin", x))));
/** dx = dy·(1 + y²) */
export const tanGradient = unaryFormula((f, { y, dy }) => f.mul(dy, f.add(1, f.square(y))));
/** dx = dy / √(1 − x²) */
export const asinGradient = unaryFormula((f, { x, dy }) => f.div(dy, f.of("Sqrt", f.sub(1, f.square(x)))));
export const acosGradient = unaryFormula((f, { x, dy }) => f.of("Neg", f.div(dy, f.of("Sqrt", f.sub(1, f.square(x))))));
/** dx = dy / (1 + x²) */
export const atanGradient = unaryFormula((f, { x, dy }) => f.div(dy, f.add(1, f.square(x))));
export const sinhGradient = unaryFormula((f, { x, dy }) => f.mul(dy, f.of("Cosh", x)));
export const coshGradient = unaryFormula((f, { x, dy }) => f.mul(dy, f.of("Sinh", x)));
/** dx = dy / √(x² + 1) */
export const asinhGradient = unaryFormula((f, { x, dy }) => f.div(dy, f.of("Sqrt", f.add(f.square(x), 1))));
/** dx = dy / √(x² − 1) */
export const acoshGradient = unaryFormula((f, { x, dy }) => f.div(dy, f.of("Sqrt", f.sub(f.square(x), 1))));
/** dx = dy / (1 − x²) */
export const atanhGradient = unaryFormula((f, { x, dy }) => f.div(dy, f.sub(1, f.square(x))));
