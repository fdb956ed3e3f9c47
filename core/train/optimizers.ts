import { scalarOf } from "../ops/constants.ts";
import type { GraphWriter } from "../ops/gradient.ts";

export type OptimizerSpec =
  | {
      readonly kind: "sgd";
      /** Default 0.9. */
      readonly momentum?: number;
      readonly nesterov?: boolean;
      readonly weightDecay?: number;
    }
  | {
      readonly kind: "adam" | "adamw" | "lamb";
      /** Defaults 0.9 and 0.999. */
      readonly beta1?: number;
      readonly beta2?: number;
      /** Default 10⁻⁸; 10⁻⁶ for LAMB. */
      readonly epsilon?: number;
      readonly weightDecay?: number;
    }
  | {
      readonly kind: "rmsprop";
      /** Default 0.99. */
      readonly alpha?: number;
      readonly epsilon?: number;
      /** Default 0. */
      readonly momentum?: number;
      readonly weightDecay?: number;
    };

export interface UpdateCall {
  /** Weight and gradient, of the same shape. */
  readonly weight: string;
  readonly gradient: string;
  /** One per slot of the optimiser, in its order; zeros before the first step. */
  readonly state: readonly string[];
  /** Decay of this weight: 0 where it is excluded. */
  readonly decay: number;
}

export interface Update {
  readonly weight: string;
  readonly state: readonly string[];
}

/** Scalars that a step is given. */
export interface StepScalars {
  /** Learning rate, float32. */
  readonly rate: string;
  /** Number of this step, from 1, float32. */
  readonly step: string;
}

export interface Optimizer {
  /** Names of what is kept for each weight. */
  readonly slots: readonly string[];
  readonly weightDecay: number;
  /** Whether what becomes of an element follows from that element alone, whatever the others of its weight are. */
  readonly isElementwise: boolean;
  /** Starts writing; what all weights share is written once. */
  start(write: GraphWriter, scalars: StepScalars): (call: UpdateCall) => Update;
}

/** The optimiser of a specification, as nodes of the training graph. */
export function optimizerOf(spec: OptimizerSpec): Optimizer {
  switch (spec.kind) {
    case "sgd":
      return sgd(spec);
    case "adam":
    case "adamw":
    case "lamb":
      return adam(spec);
    case "rmsprop":
      return rmsprop(spec);
  }
}

type Of<K extends OptimizerSpec["kind"]> = Extract<OptimizerSpec, { readonly kind: K }>;

/** Arithmetic on float32 values and numbers. */
function arithmetic(write: GraphWriter) {
  const named = (x: string | number): string => (typeof x === "number" ? scalarOf(write, x, "float32") : x);
  const binary =
    (op: string) =>
    (a: string | number, b: string | number): string =>
      write.op(op, [named(a), named(b)]);
  return {
    add: binary("Add"),
    sub: binary("Sub"),
    mul: binary("Mul"),
    div: binary("Div"),
    pow: binary("Pow"),
    sqrt: (a: string): string => write.op("Sqrt", [a]),
    norm: (a: string): string => write.op("ReduceL2", [a], { keepdims: 0 }),
  };
}

/** v ← μv + (g + λw), w ← w − ηv; Nesterov: w ← w − η(g + λw + μv) (Sutskever et al. 2013, as in PyTorch). */
function sgd({ momentum = 0.9, nesterov = false, weightDecay = 0 }: Of<"sgd">): Optimizer {
  return {
    slots: momentum === 0 ? [] : ["momentum"],
    weightDecay,
    isElementwise: true,
    start: (write, { rate }) => {
      const { add, sub, mul } = arithmetic(write);
      return ({ weight, gradient, state: [velocity], decay }) => {
        const g = decay === 0 ? gradient : add(gradient, mul(weight, decay));
        if (velocity === undefined) return { weight: sub(weight, mul(g, rate)), state: [] };
        const v = add(mul(velocity, momentum), g);
        const d = nesterov ? add(g, mul(v, momentum)) : v;
        return { weight: sub(weight, mul(d, rate)), state: [v] };
      };
    },
  };
}

/**
 * m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², step along m̂/(√v̂ + ε) with m̂ = m/(1−β₁ᵗ), v̂ = v/(1−β₂ᵗ).
 * Adam adds λw to the gradient (Kingma and Ba 2015), AdamW shrinks the weight by 1 − ηλ (Loshchilov and Hutter 2019),
 * LAMB adds λw to the step and scales it to the weight's length (You et al. 2020).
 */
function adam({
  kind,
  beta1 = 0.9,
  beta2 = 0.999,
  weightDecay = 0,
  ...spec
}: Of<"adam" | "adamw" | "lamb">): Optimizer {
  const epsilon = spec.epsilon ?? (kind === "lamb" ? 1e-6 : 1e-8);
  return {
    slots: ["mean", "square"],
    weightDecay,
    isElementwise: kind !== "lamb",
    start: (write, { rate, step }) => {
      const { add, sub, mul, div, pow, sqrt, norm } = arithmetic(write);
      const toMean = sub(1, pow(beta1, step));
      const toSquare = sqrt(sub(1, pow(beta2, step)));
      return ({ weight, gradient, state: [mean = "", squares = ""], decay }) => {
        const g = kind === "adam" && decay !== 0 ? add(gradient, mul(weight, decay)) : gradient;
        const m = add(mul(mean, beta1), mul(g, 1 - beta1));
        const v = add(mul(squares, beta2), mul(mul(g, g), 1 - beta2));
        const direction = div(div(m, toMean), add(div(sqrt(v), toSquare), epsilon));
        const state = [m, v];
        if (kind !== "lamb") {
          const shrunk = kind === "adamw" && decay !== 0 ? mul(weight, sub(1, mul(rate, decay))) : weight;
          return { weight: sub(shrunk, mul(direction, rate)), state };
        }
        const full = decay === 0 ? direction : add(direction, mul(weight, decay));
        return { weight: sub(weight, mul(full, mul(rate, trust(write, norm(weight), norm(full))))), state };
      };
    },
  };
}

/** ‖w‖/‖d‖, and 1 where one of them is 0. */
function trust(write: GraphWriter, weight: string, direction: string): string {
  const { mul, div } = arithmetic(write);
  const zero = scalarOf(write, 0, "float32");
  const isUsable = write.op("Greater", [mul(weight, direction), zero]);
  return write.op("Where", [isUsable, div(weight, direction), scalarOf(write, 1, "float32")]);
}

/** s ← αs + (1−α)g², step along g/(√s + ε), through a momentum buffer where asked for (Tieleman and Hinton 2012, as in PyTorch). */
function rmsprop({ alpha = 0.99, epsilon = 1e-8, momentum = 0, weightDecay = 0 }: Of<"rmsprop">): Optimizer {
  return {
    slots: momentum === 0 ? ["square"] : ["square", "momentum"],
    weightDecay,
    isElementwise: true,
    start: (write, { rate }) => {
      const { add, sub, mul, div, sqrt } = arithmetic(write);
      return ({ weight, gradient, state: [squares = "", velocity], decay }) => {
        const g = decay === 0 ? gradient : add(gradient, mul(weight, decay));
        const s = add(mul(squares, alpha), mul(mul(g, g), 1 - alpha));
        const direction = div(g, add(sqrt(s), epsilon));
        if (velocity === undefined) return { weight: sub(weight, mul(direction, rate)), state: [s] };
        const v = add(mul(velocity, momentum), direction);
        return { weight: sub(weight, mul(v, rate)), state: [s, v] };
      };
    },
  };
}
