import { intsOf } from "../../graph/attributes.ts";
import { node as makeNode } from "../../graph/build.ts";
import type { Graph, Node } from "../../graph/model.ts";
import type { ValueFacts } from "../../ops/gradient.ts";
import { freshNames, indexGraph } from "../../graph/uses.ts";

/** Domain of the runtime's own ops for plain layout. */
export const CONTRIBUTED = "com.microsoft";

/** A factor of a product: the axes of a value in another order, the last two of which the product may exchange. */
interface Operand {
  readonly value: string;
  readonly order: readonly number[] | undefined;
  readonly isTurned: boolean;
}

/**
 * Lets products read their factors with the last two axes exchanged, where exchanging them in memory would move single
 * numbers: what is left of the transposition keeps rows together, or is nothing. The same for what a product gives.
 */
export function turnProducts(graph: Graph, facts: (value: string) => ValueFacts | undefined): readonly Node[] {
  const index = indexGraph(graph);
  // A factor with one axis has none to exchange. Gradients are written with as many axes as what they are of.
  const isMatrix = (name: string): boolean => (index.initializer.get(name)?.dims ?? facts(name)?.dims)?.length !== 1;
  const fresh = freshNames(graph);
  const nodes: Node[] = [];
  const copies = new Map<string, string>();

  /** The value behind transpositions, and the order in which they leave its axes. */
  const behind = (name: string): { readonly value: string; readonly order: readonly number[] | undefined } => {
    const made = index.producer.get(name);
    const own = made !== undefined && isPlain(made, "Transpose") ? intsOf(made, "perm") : undefined;
    if (made === undefined || own === undefined) return { value: name, order: undefined };
    const { value, order } = behind(made.inputs[0] ?? "");
    return { value, order: order === undefined ? own : own.map((axis) => order[axis]!) };
  };
  const operandOf = (name: string): Operand => {
    const { value, order } = behind(name);
    if (order === undefined) return { value: name, order, isTurned: false };
    return movesNumbers(order) ? { value, order: exchanged(order), isTurned: true } : { value, order, isTurned: false };
  };
  const written = ({ value, order }: Operand): string => {
    if (order === undefined || order.every((axis, i) => axis === i)) return value;
    const key = `${order.join()} ${value}`;
    const held = copies.get(key) ?? fresh(`${value}.rows`);
    if (!copies.has(key)) {
      copies.set(key, held);
      nodes.push(makeNode("Transpose", [[value], [held]], { name: held, attributes: { perm: order } }));
    }
    return held;
  };
  const product = (name: string, [a, b]: readonly [Operand, Operand], output: string): void => {
    const attributes = { transA: a.isTurned ? 1 : 0, transB: b.isTurned ? 1 : 0 };
    const inputs = [written(a), written(b)];
    nodes.push(makeNode("FusedMatMul", [inputs, [output]], { name, attributes, domain: CONTRIBUTED }));
  };

  for (const node of graph.nodes) {
    const [input = "", second = ""] = node.inputs;
    const output = node.outputs[0] ?? "";
    const order = isPlain(node, "Transpose") ? intsOf(node, "perm") : undefined;
    const source = order !== undefined && movesNumbers(order) ? index.producer.get(input) : undefined;
    const isOnly = index.usesOf(input).length === 1 && !index.isOutput(input);
    if (
      source !== undefined &&
      order !== undefined &&
      isPlain(source, "MatMul") &&
      source.inputs.every(isMatrix) &&
      isOnly
    ) {
      // (A·B)ᵀ = Bᵀ·Aᵀ
      const [a, b] = source.inputs.map((name) => turned(operandOf(name))) as [Operand, Operand];
      const rest = exchanged(order);
      const isDone = rest.every((axis, i) => axis === i);
      const made = isDone ? output : fresh(`${output}.turned`);
      product(node.name, [b, a], made);
      if (!isDone) {
        const name = fresh(`${node.name}.rows`);
        nodes.push(makeNode("Transpose", [[made], [output]], { name, attributes: { perm: rest } }));
      }
      continue;
    }
    const operands =
      isPlain(node, "MatMul") && node.inputs.every(isMatrix) ? [operandOf(input), operandOf(second)] : [];
    const [a, b] = operands;
    if (a !== undefined && b !== undefined && (a.isTurned || b.isTurned)) product(node.name, [a, b], output);
    else nodes.push(node);
  }
  return nodes;
}

const isPlain = (node: Node, op: string): boolean => node.op === op && node.domain === "";

/** Whether the last axis moves, and its neighbour takes its place. */
const movesNumbers = (order: readonly number[]): boolean => order.length > 1 && order.at(-2) === order.length - 1;

const exchanged = (order: readonly number[]): readonly number[] => [
  ...order.slice(0, -2),
  order.at(-1)!,
  order.at(-2)!,
];

const turned = (operand: Operand): Operand => ({ ...operand, isTurned: !operand.isTurned });
