import type { Node } from "../../graph/model.ts";
import { sumTo } from "../broadcast.ts";
import type { GradientRule, GraphWriter } from "../gradient.ts";

export interface UnaryCall {
  readonly node: Node;
  readonly x: string;
  readonly y: string;
  readonly dy: string;
}

/** The rule of an op whose first input alone has a gradient. */
export function unary(dx: (write: GraphWriter, call: UnaryCall) => string | undefined): GradientRule {
  return (write, { node, dy: [dy], needs }) => {
    if (!needs(0) || dy === undefined) return [];
    return [dx(write, { node, x: node.inputs[0] ?? "", y: node.outputs[0] ?? "", dy })];
  };
}

export interface BinaryCall extends Omit<UnaryCall, "x"> {
  readonly a: string;
  readonly b: string;
}

type Part = (write: GraphWriter, call: BinaryCall) => string;

/** The rule of an op of two operands that broadcast: parts in the output's shape are summed to the operands'. */
export function binary(da: Part, db: Part): GradientRule {
  return (write, { node, dy: [dy], needs }) => {
    if (dy === undefined) return [];
    const [a = "", b = ""] = node.inputs;
    const y = node.outputs[0] ?? "";
    const call = { node, a, b, y, dy };
    return [
      needs(0) ? sumTo(write, da(write, call), [y, a]) : undefined,
      needs(1) ? sumTo(write, db(write, call), [y, b]) : undefined,
    ];
  };
}
