import type { Graph, Node } from "../../graph/model.ts";
import { sumTo } from "../broadcast.ts";
import { scalar } from "../constants.ts";
import type { GradientRule, GraphWriter } from "../gradient.ts";

/** A value of the graph, or a number that becomes a scalar in the element type of the op's operand. */
export type Term = string | number;

/** Writes formulas: every function appends one node. */
export interface Formula {
  readonly add: (a: Term, b: Term) => string;
  readonly sub: (a: Term, b: Term) => string;
  readonly mul: (a: Term, b: Term) => string;
  readonly div: (a: Term, b: Term) => string;
  /** A function of one variable, by the name of its op. */
  readonly of: (op: string, x: string) => string;
  readonly square: (x: string) => string;
  readonly greater: (a: Term, b: Term) => string;
  readonly less: (a: Term, b: Term) => string;
  readonly equal: (a: Term, b: Term) => string;
  readonly where: (condition: string, yes: Term, no: Term) => string;
  /** A number as a scalar. */
  readonly term: (t: Term) => string;
}

/** @param like a value in whose element type numbers are written */
export function formulaIn(write: GraphWriter, like: string): Formula {
  const term = (t: Term): string => (typeof t === "number" ? scalar(write, t, like) : t);
  const two =
    (op: string) =>
    (a: Term, b: Term): string =>
      write.op(op, [term(a), term(b)]);
  return {
    add: two("Add"),
    sub: two("Sub"),
    mul: two("Mul"),
    div: two("Div"),
    of: (op, x) => write.op(op, [x]),
    square: (x) => write.op("Mul", [x, x]),
    greater: two("Greater"),
    less: two("Less"),
    equal: two("Equal"),
    where: (condition, yes, no) => write.op("Where", [condition, term(yes), term(no)]),
    term,
  };
}

export interface UnaryCall {
  readonly node: Node;
  readonly x: string;
  readonly y: string;
  readonly dy: string;
  readonly graph: Graph;
}

/** The rule of an op whose first input alone has a gradient. */
export function unary(dx: (write: GraphWriter, call: UnaryCall) => string | undefined): GradientRule {
  return (write, { node, dy: [dy], needs, graph }) => {
    if (!needs(0) || dy === undefined) return [];
    return [dx(write, { node, x: node.inputs[0] ?? "", y: node.outputs[0] ?? "", dy, graph })];
  };
}

/** The rule of a function of one variable, as a formula. */
export const unaryFormula = (dx: (f: Formula, call: UnaryCall) => string): GradientRule =>
  unary((write, call) => dx(formulaIn(write, call.x), call));

export interface BinaryCall extends Omit<UnaryCall, "x"> {
  readonly a: string;
  readonly b: string;
}

type Part = (write: GraphWriter, call: BinaryCall) => string;

/** The rule of an op of two operands that broadcast: parts in the output's shape are summed to the operands'. */
export function binary(da: Part, db: Part): GradientRule {
  return (write, { node, dy: [dy], needs, graph }) => {
    if (dy === undefined) return [];
    const [a = "", b = ""] = node.inputs;
    const y = node.outputs[0] ?? "";
    const call = { node, a, b, y, dy, graph };
    return [
      needs(0) ? sumTo(write, da(write, call), [y, a]) : undefined,
      needs(1) ? sumTo(write, db(write, call), [y, b]) : undefined,
    ];
  };
}
