import { intOf } from "../../graph/attributes.ts";
import { castTo, factsOf, intVector, scalar, scalarOf } from "../constants.ts";
import type { GradientRule } from "../gradient.ts";

/** y = start + i·delta: dstart = Σ dy, ddelta = Σ i·dy */
export const rangeGradient: GradientRule = (write, { node, dy: [dy], needs }) => {
  const [start = ""] = node.inputs;
  if (dy === undefined) return [];
  const sum = (value: string): string => write.op("ReduceSum", [value], { keepdims: 0 });
  const steps = (): string => {
    const count = write.op("Size", [node.outputs[0] ?? ""]);
    const range = write.op("Range", [scalarOf(write, 0, "int64"), count, scalarOf(write, 1, "int64")]);
    return castTo(write, range, factsOf(write, start).type);
  };
  return [needs(0) ? sum(dy) : undefined, undefined, needs(2) ? sum(write.op("Mul", [dy, steps()])) : undefined];
};

/** y = off + hot·(on − off): doff = Σ dy·(1 − hot), don = Σ dy·hot */
export const oneHotGradient: GradientRule = (write, { node, dy: [dy], needs }) => {
  const [index = "", depth = "", values = ""] = node.inputs;
  if (dy === undefined || !needs(2)) return [];
  const { type } = factsOf(write, values);
  const pair = write.constant({ type: "float32", dims: [2], data: Float32Array.of(0, 1) });
  const hot = write.op("OneHot", [index, depth, pair], { axis: intOf(node, "axis", -1) });
  const isOn = type === "float32" ? hot : castTo(write, hot, type);
  const sum = (value: string): string => write.op("ReduceSum", [value], { keepdims: 0 });
  const parts = [write.op("Sub", [scalar(write, 1, values), isOn]), isOn].map((mask) => {
    const part = sum(write.op("Mul", [dy, mask]));
    return write.op("Reshape", [part, intVector(write, [1])]);
  });
  return [undefined, undefined, write.op("Concat", parts, { axis: 0 })];
};
