import { intOf, stringOf } from "../../graph/attributes.ts";
import type { Node } from "../../graph/model.ts";
import { reduceSum } from "../broadcast.ts";
import { castTo, factsOf, scalar, scalarOf } from "../constants.ts";
import type { Expansion, GraphWriter } from "../gradient.ts";
import { noGradientFor } from "../gradients/refuse.ts";
import { partsOf } from "./parts.ts";

/** −w[t]·x[t] of log-probabilities x [batch, classes, …] at targets t [batch, …] (Operators.md, NegativeLogLikelihoodLoss). */
export const expandLikelihoodLoss: Expansion = (write, node) => {
  const [x = "", target = "", weight = ""] = node.inputs;
  return [pickLoss(write, node, { x, target, weight })];
};

/** The same of scores, with their log-probabilities as second output (Operators.md, SoftmaxCrossEntropyLoss). */
export const expandCrossEntropyLoss: Expansion = (write, node) => {
  const [scores = "", target = "", weight = ""] = node.inputs;
  const x = partsOf(write).each("LogSoftmax", [scores], { axis: 1 });
  return [pickLoss(write, node, { x, target, weight }), x];
};

interface Operands {
  readonly x: string;
  readonly target: string;
  /** "" for weights of 1. */
  readonly weight: string;
}

function pickLoss(write: GraphWriter, node: Node, { x, target, weight }: Operands): string {
  const parts = partsOf(write);
  const { type, dims } = factsOf(write, x);
  const [, classes] = dims;
  if (typeof classes !== "number") throw noGradientFor(node, `an open number of classes "${classes ?? ""}"`);
  const indexType = factsOf(write, target).type;
  const column = [1, classes, ...dims.slice(2).map(() => 1)];
  const numbers = Array.from({ length: classes }, (_, i) => i);
  const ids = write.constant(
    indexType === "int32"
      ? { type: "int32", dims: column, data: Int32Array.from(numbers) }
      : { type: "int64", dims: column, data: BigInt64Array.from(numbers, BigInt) },
  );
  const asBool = (value: string, of: typeof dims): string => write.note(value, { type: "bool", dims: of });
  const labels = parts.unsqueeze(target, 1);
  const isPicked = asBool(write.op("Equal", [labels, ids]), dims);
  const ones = write.note(castTo(write, isPicked, type), { type, dims });
  const weighted = weight === "" ? ones : parts.each("Mul", [ones, parts.reshape(weight, column)]);
  const ignored = node.attributes["ignore_index"];
  const share = (): string => {
    if (ignored === undefined) return weighted;
    const one = scalarOf(write, intOf(node, "ignore_index", 0), indexType);
    const isKept = asBool(write.op("Not", [write.op("Equal", [labels, one])]), parts.dims(labels));
    return parts.each("Mul", [weighted, write.note(castTo(write, isKept, type), { type, dims: parts.dims(labels) })]);
  };
  const shares = share();
  // Where and not a product with ones and zeros, since log-probabilities may be infinite.
  const picked = write.note(write.op("Where", [isPicked, x, scalar(write, 0, x)]), { type, dims });
  const terms = parts.each("Neg", [parts.each("Mul", [picked, shares])]);
  const each = write.note(reduceSum(write, terms, { axes: [1], keep: false }), { type, dims: dims.toSpliced(1, 1) });
  const total = (value: string): string =>
    write.note(write.op("ReduceSum", [value], { keepdims: 0 }), { type, dims: [] });
  switch (stringOf(node, "reduction", "mean")) {
    case "none":
      return each;
    case "sum":
      return total(each);
    default:
      return parts.each("Div", [total(each), total(shares)]);
  }
}
