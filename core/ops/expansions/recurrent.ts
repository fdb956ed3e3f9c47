import { intOf } from "../../graph/attributes.ts";
import { scalar } from "../constants.ts";
import type { Expansion } from "../gradient.ts";
import { unroll, type Cell, type Direction } from "./unroll.ts";

const bothBiases = ({ bias, parts }: Direction): string | undefined => bias && parts.each("Add", bias);

/** h·Rᵀ added to the input's part of the gates; nothing to add to while h is zero. */
const withState = ({ parts, recurrent }: Direction, x: string, h: string | undefined): string =>
  h === undefined ? x : parts.rows(h, recurrent, x);

/** h = f(x·Wᵀ + h·Rᵀ + b) */
const plainCell: Cell = {
  gates: 1,
  activations: ["Tanh"],
  inputBias: bothBiases,
  prepare:
    (direction) =>
    (x, { h }) => ({ h: direction.activate(0, withState(direction, x, h)) }),
};

export const expandRnn: Expansion = (write, node) => unroll(write, node, plainCell);

/**
 * i, o, f = σ(gates + P ⊙ c), g = tanh(gate), c′ = f ⊙ c + i ⊙ g, h′ = o ⊙ tanh(c′); o looks at c′. With
 * input_forget, f = 1 − i (ONNX Operators.md, LSTM).
 */
export const expandLstm: Expansion = (write, node) => {
  const isCoupled = intOf(node, "input_forget", 0) === 1;
  return unroll(write, node, {
    gates: 4,
    activations: ["Sigmoid", "Tanh", "Tanh"],
    inputBias: bothBiases,
    prepare: (direction) => {
      const { parts, activate, peephole } = direction;
      const add = (a: string, b: string): string => parts.each("Add", [a, b]);
      const mul = (a: string, b: string): string => parts.each("Mul", [a, b]);
      const [pi, po, pf] = peephole === undefined ? [] : parts.pieces(peephole, 0, 3);
      const look = (gate: string, weight: string | undefined, c: string | undefined): string =>
        weight === undefined || c === undefined ? gate : add(gate, mul(weight, c));
      return (x, { h, c }) => {
        const [zi = "", zo = "", zf = "", zg = ""] = parts.pieces(withState(direction, x, h), 1, 4);
        const i = activate(0, look(zi, pi, c));
        const fresh = mul(i, activate(1, zg));
        const forget = (): string =>
          isCoupled ? parts.each("Sub", [scalar(write, 1, i), i]) : activate(0, look(zf, pf, c));
        const next = c === undefined ? fresh : add(mul(forget(), c), fresh);
        const o = activate(0, look(zo, po, next));
        return { h: mul(o, activate(2, next)), c: next };
      };
    },
  });
};

/**
 * z, r = σ(gates), n = tanh(xₙ + (r ⊙ h)·Rₙᵀ + b), or tanh(xₙ + r ⊙ (h·Rₙᵀ + b)) with linear_before_reset;
 * h′ = (1 − z) ⊙ n + z ⊙ h (ONNX Operators.md, GRU).
 */
export const expandGru: Expansion = (write, node) => {
  const isLinearFirst = intOf(node, "linear_before_reset", 0) !== 0;
  return unroll(write, node, {
    gates: 3,
    activations: ["Sigmoid", "Tanh"],
    inputBias: (direction) => (isLinearFirst ? direction.bias?.[0] : bothBiases(direction)),
    prepare: (direction) => {
      const { parts, activate, recurrent, bias } = direction;
      const add = (a: string, b: string): string => parts.each("Add", [a, b]);
      const mul = (a: string, b: string): string => parts.each("Mul", [a, b]);
      const blend = (z: string, n: string, h: string | undefined): string => {
        const part = mul(parts.each("Sub", [scalar(write, 1, z), z]), n);
        return h === undefined ? part : add(part, mul(z, h));
      };
      if (isLinearFirst) {
        return (x, { h }) => {
          const [xz = "", xr = "", xn = ""] = parts.pieces(x, 1, 3);
          const state = h === undefined ? bias?.[1] : parts.rows(h, recurrent, bias?.[1]);
          if (state === undefined) return { h: blend(activate(0, xz), activate(1, xn), h) };
          const [hz = "", hr = "", hn = ""] = parts.pieces(state, h === undefined ? 0 : 1, 3);
          const r = activate(0, add(xr, hr));
          return { h: blend(activate(0, add(xz, hz)), activate(1, add(xn, mul(r, hn))), h) };
        };
      }
      const hidden = Number(parts.dims(recurrent)[1]);
      const [gates = "", reset = ""] = parts.sized(recurrent, 0, [2 * hidden, hidden]);
      return (x, { h }) => {
        const [xzr = "", xn = ""] = parts.sized(x, 1, [2 * hidden, hidden]);
        const [z = "", r = ""] = parts.pieces(activate(0, h === undefined ? xzr : parts.rows(h, gates, xzr)), 1, 2);
        const n = activate(1, h === undefined ? xn : parts.rows(mul(r, h), reset, xn));
        return { h: blend(z, n, h) };
      };
    },
  });
};
