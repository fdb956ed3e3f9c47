import { floatOf, intOf, stringOf } from "../../graph/attributes.ts";
import { reduceSum, sumTo } from "../broadcast.ts";
import type { GradientRule } from "../gradient.ts";
import { formulaIn, unary, unaryFormula, type Formula } from "./forms.ts";

/** Attributes are float32: 0.01 is what that makes of it. */
const single = Math.fround;

/** dx = dy where x > 0, else 0; 0 at the kink. */
export const reluGradient = unaryFormula((f, { y, dy }) => f.where(f.greater(y, 0), dy, 0));

/** dx = dy where x > 0, else α·dy */
export const leakyReluGradient = unaryFormula((f, { node, x, dy }) =>
  f.where(f.greater(x, 0), dy, f.mul(dy, single(floatOf(node, "alpha", 0.01)))),
);

/** y = x where x > 0, else slope·x */
export const preluGradient: GradientRule = (write, { node, dy: [dy], needs }) => {
  const [x = "", slope = ""] = node.inputs;
  if (dy === undefined) return [];
  const f = formulaIn(write, x);
  const isPositive = f.greater(x, 0);
  return [
    needs(0) ? f.where(isPositive, dy, f.mul(dy, slope)) : undefined,
    needs(1) ? sumTo(write, f.where(isPositive, 0, f.mul(dy, x)), [x, slope]) : undefined,
  ];
};

/** y = α·(eˣ − 1) below 0, where dx = dy·(y + α) */
export const eluGradient = unaryFormula((f, { node, x, y, dy }) =>
  f.where(f.greater(x, 0), dy, f.mul(dy, f.add(y, single(floatOf(node, "alpha", 1))))),
);

/** y = γ·x above 0, γ·α·(eˣ − 1) below. */
export const seluGradient = unaryFormula((f, { node, x, y, dy }) => {
  const alpha = single(floatOf(node, "alpha", 1.67326319217681884765625));
  const gamma = single(floatOf(node, "gamma", 1.05070102214813232421875));
  return f.mul(dy, f.where(f.greater(x, 0), gamma, f.add(y, alpha * gamma)));
});

/** y = α·(e^(x/α) − 1) below 0, where dx = dy·(y/α + 1) */
export const celuGradient = unaryFormula((f, { node, x, y, dy }) =>
  f.where(f.greater(x, 0), dy, f.mul(dy, f.add(f.div(y, single(floatOf(node, "alpha", 1))), 1))),
);

/** dx = dy where x > α */
export const thresholdedReluGradient = unaryFormula((f, { node, x, dy }) =>
  f.where(f.greater(x, single(floatOf(node, "alpha", 1))), dy, 0),
);

/** dx = dy where |x| > λ */
export const shrinkGradient = unaryFormula((f, { node, x, dy }) =>
  f.where(f.greater(f.of("Abs", x), single(floatOf(node, "lambd", 0.5))), dy, 0),
);

/** dx = dy·y·(1 − y) */
export const sigmoidGradient = unaryFormula((f, { y, dy }) => f.mul(dy, f.mul(y, f.sub(1, y))));
/** dx = dy·(1 − y²) */
export const tanhGradient = unaryFormula((f, { y, dy }) => f.mul(dy, f.sub(1, f.square(y))));
/** dx = dy·σ(x) */
export const softplusGradient = unaryFormula((f, { x, dy }) => f.mul(dy, f.of("Sigmoid", x)));
/** dx = dy / (1 + |x|)² */
export const softsignGradient = unaryFormula((f, { x, dy }) => f.div(dy, f.square(f.add(1, f.of("Abs", x)))));

/** y = clamp(α·x + β, 0, 1): dx = α·dy inside, 0 at both ends. */
export const hardSigmoidGradient = unaryFormula((f, { node, y, dy }) => {
  const slope = f.mul(dy, single(floatOf(node, "alpha", 0.2)));
  return f.where(f.greater(f.mul(y, f.sub(1, y)), 0), slope, 0);
});

/** y = x·clamp(x/6 + ½, 0, 1): dx = dy·(x/3 + ½) between −3 and 3. */
export const hardSwishGradient = unaryFormula((f, { x, dy }) => {
  const slope = f.where(f.greater(x, -3), f.add(f.div(x, 3), 0.5), 0);
  return f.mul(dy, f.where(f.less(x, 3), slope, 1));
});

/** y = x·σ(αx): dx = dy·(s + α·x·s·(1 − s)) = dy·(s + α·y·(1 − s)) */
const swish = (f: Formula, { x, y, alpha }: { x: string; y: string; alpha: number }): string => {
  const s = f.of("Sigmoid", alpha === 1 ? x : f.mul(x, alpha));
  const bend = f.mul(y, f.sub(1, s));
  return f.add(s, alpha === 1 ? bend : f.mul(bend, alpha));
};
export const swishGradient = unaryFormula((f, { node, x, y, dy }) =>
  f.mul(dy, swish(f, { x, y, alpha: single(floatOf(node, "alpha", 1)) })),
);
export const quickGeluGradient = unaryFormula((f, { node, x, y, dy }) =>
  f.mul(dy, swish(f, { x, y, alpha: single(floatOf(node, "alpha", 1.702)) })),
);

/** y = x·t with t = tanh(ln(1 + eˣ)): dx = dy·(t + x·σ(x)·(1 − t²)) */
export const mishGradient = unaryFormula((f, { x, dy }) => {
  const t = f.of("Tanh", f.of("Softplus", x));
  return f.mul(dy, f.add(t, f.mul(f.mul(x, f.of("Sigmoid", x)), f.sub(1, f.square(t)))));
});

/** y = x·Φ(x): slope Φ(x) + x·φ(x), with the normal distribution and its density */
function geluSlope(f: Formula, x: string): string {
  const distribution = f.mul(f.add(f.of("Erf", f.mul(x, Math.SQRT1_2)), 1), 0.5);
  const density = f.mul(f.of("Exp", f.mul(f.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  return f.add(distribution, f.mul(x, density));
}

/** y = ½·x·(1 + t) with t = tanh(c·(x + k·x³)): slope ½·(1 + t) + ½·x·(1 − t²)·c·(1 + 3k·x²) */
function tanhGeluSlope(f: Formula, x: string): string {
  const [c, k] = [Math.sqrt(2 / Math.PI), 0.044715];
  const squared = f.square(x);
  const t = f.of("Tanh", f.mul(x, f.add(f.mul(squared, c * k), c)));
  const inner = f.add(f.mul(squared, 3 * c * k), c);
  const bend = f.mul(f.mul(x, f.sub(1, f.square(t))), inner);
  return f.mul(f.add(f.add(t, 1), bend), 0.5);
}

export const geluGradient = unaryFormula((f, { node, x, dy }) =>
  f.mul(dy, stringOf(node, "approximate", "none") === "tanh" ? tanhGeluSlope(f, x) : geluSlope(f, x)),
);

/** Gelu of x + bias; the bias is a vector over the last axis, and may be left out. */
const biasedGelu =
  (slope: (f: Formula, x: string) => string): GradientRule =>
  (write, { node, dy: [dy], needs }) => {
    const [x = "", bias = ""] = node.inputs;
    if (dy === undefined) return [];
    const f = formulaIn(write, x);
    const dx = f.mul(dy, slope(f, bias === "" ? x : f.add(x, bias)));
    return [needs(0) ? dx : undefined, bias !== "" && needs(1) ? sumTo(write, dx, [x, bias]) : undefined];
  };
export const biasGeluGradient = biasedGelu(geluSlope);
export const fastGeluGradient = biasedGelu(tanhGeluSlope);

/** dx = y·(dy − Σ dy·y) along the axis */
export const softmaxGradient = unary((write, { node, y, dy }) => {
  const axes = [intOf(node, "axis", -1)];
  const weighted = write.op("Mul", [dy, y]);
  const sum = reduceSum(write, weighted, { axes, keep: true });
  return write.op("Sub", [weighted, write.op("Mul", [y, sum])]);
});

/** dx = dy − eʸ·Σ dy along the axis */
export const logSoftmaxGradient = unary((write, { node, y, dy }) => {
  const sum = reduceSum(write, dy, { axes: [intOf(node, "axis", -1)], keep: true });
  return write.op("Sub", [dy, write.op("Mul", [write.op("Exp", [y]), sum])]);
});

/**
 * y = min(max(x, low), high): dx = dy where x lies between the bounds, and on them. The bounds get the gradient
 * of what lies beyond them; where they have crossed, all of it is the upper one's.
 */
export const clipGradient: GradientRule = (write, { node, dy: [dy], needs }) => {
  const [x = "", low = "", high = ""] = node.inputs;
  const y = node.outputs[0] ?? "";
  if (dy === undefined) return [];
  const f = formulaIn(write, x);
  const dLow = (): string => {
    const isBelow = f.less(x, low);
    const counts = high === "" ? isBelow : write.op("And", [isBelow, write.op("LessOrEqual", [low, high])]);
    return sumTo(write, f.where(counts, dy, 0), [y, low]);
  };
  const dHigh = (): string => {
    const raised = low === "" ? x : write.op("Max", [x, low]);
    return sumTo(write, f.where(f.greater(raised, high), dy, 0), [y, high]);
  };
  return [
    needs(0) ? f.where(f.equal(x, y), dy, 0) : undefined,
    low !== "" && needs(1) ? dLow() : undefined,
    high !== "" && needs(2) ? dHigh() : undefined,
  ];
};
