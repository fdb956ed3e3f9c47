import { elementCount } from "../base/array.ts";
import type { Graph, Model, Node } from "./model.ts";

/** An op of a model, or of a graph that another op carries, among all of them. */
export interface FlatOp {
  readonly node: Node;
  /** Index of the op in whose body it stands; −1 in the main graph. */
  readonly owner: number;
  /** Attribute of the owner that holds the body. */
  readonly body: string;
  /** Where its values come from: index of an op, or −1 − i for the model's input i. What the model holds has no entry. */
  readonly sources: readonly Source[];
  /** Whether it computes from constants alone. */
  readonly isConstant: boolean;
  /** Whether it reads a constant of two dimensions or more: what learned weights are. */
  readonly hasWeight: boolean;
}

export interface Source {
  readonly from: number;
  readonly value: string;
}

/** All ops of a model in the order of its graph, each op before those of its bodies. Constants are left out. */
export interface FlatGraph {
  readonly ops: readonly FlatOp[];
  /** Inputs that have to be fed. */
  readonly inputs: readonly string[];
  /** Where each output comes from: as in `Source`; absent for an output that is a constant. */
  readonly outputs: readonly { readonly value: string; readonly from: number | undefined }[];
}

/** What is known of a value while the graphs are walked. */
interface Known {
  /** As in `Source`; absent for what the model holds. */
  readonly from?: number;
  readonly isConstant: boolean;
  readonly isWeight: boolean;
}

/** The values of a graph, and those around it. */
interface Scope {
  readonly own: Map<string, Known>;
  readonly outer?: Scope;
}

const WEIGHT_ELEMENTS = 16;

/** Lists the ops of a model with where their values come from, through the bodies of If, Loop and Scan. */
export function flattenModel({ graph }: Pick<Model, "graph">): FlatGraph {
  const ops: FlatOp[] = [];
  const constants = new Set(graph.initializers.map((t) => t.name));
  const inputs = graph.inputs.map((v) => v.name).filter((name) => !constants.has(name));
  const scope: Scope = { own: new Map(inputs.map((name, i) => [name, made(-1 - i)])) };
  walk({ graph, scope, owner: -1, body: "" }, ops);
  return { ops, inputs, outputs: graph.outputs.map(({ name }) => ({ value: name, from: scope.own.get(name)?.from })) };
}

interface Place {
  readonly graph: Graph;
  readonly scope: Scope;
  readonly owner: number;
  readonly body: string;
}

function walk({ graph, scope, owner, body }: Place, ops: FlatOp[]): void {
  for (const { name, dims } of graph.initializers) scope.own.set(name, held(dims));
  for (const { values, dims } of graph.sparseInitializers) scope.own.set(values.name, held(dims));
  for (const node of graph.nodes) {
    const dims = heldBy(node);
    if (dims !== undefined) {
      for (const output of node.outputs) scope.own.set(output, held(dims));
      continue;
    }
    const read = node.inputs.flatMap((value) => {
      const known = value === "" ? undefined : lookUp(scope, value);
      return known === undefined ? [] : [{ value, ...known }];
    });
    const bodies = bodiesOf(node);
    const isConstant = read.length > 0 && bodies.length === 0 && read.every((r) => r.isConstant);
    const isWeight = read.some((r) => r.isConstant && r.isWeight);
    const index = ops.length;
    const sources = read.flatMap(({ from, value }) => (from === undefined ? [] : [{ from, value }]));
    ops.push({ node, owner, body, sources, isConstant, hasWeight: isWeight && !isConstant });
    for (const [name, inner] of bodies) {
      const own = new Map(inner.inputs.map((input) => [input.name, made(index)]));
      walk({ graph: inner, scope: { own, outer: scope }, owner: index, body: name }, ops);
    }
    const known: Known = { from: index, isConstant, isWeight: isConstant && isWeight };
    for (const output of node.outputs) if (output !== "") scope.own.set(output, known);
  }
}

const made = (from: number): Known => ({ from, isConstant: false, isWeight: false });

function held(dims: readonly number[]): Known {
  return { isConstant: true, isWeight: dims.length >= 2 && elementCount(dims) >= WEIGHT_ELEMENTS };
}

function lookUp(scope: Scope, name: string): Known | undefined {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const known = at.own.get(name);
    if (known !== undefined) return known;
  }
  return undefined;
}

/** Shape of what a node without inputs holds in an attribute; undefined for a node that computes. */
function heldBy({ inputs, attributes }: Node): readonly number[] | undefined {
  if (inputs.length > 0) return undefined;
  const values = Object.values(attributes);
  for (const a of values) {
    if (a.kind === "tensor") return a.value.dims;
    if (a.kind === "sparse-tensor") return a.value.dims;
  }
  const isPlain = values.length === 1 && Object.keys(attributes)[0]?.startsWith("value_") === true;
  return isPlain ? [] : undefined;
}

/** The graphs that a node carries, by attribute. */
export function bodiesOf(node: Node): readonly (readonly [string, Graph])[] {
  return Object.entries(node.attributes).flatMap(([name, a]): (readonly [string, Graph])[] => {
    if (a.kind === "graph") return [[name, a.value]];
    return a.kind === "graphs" ? a.value.map((g, i) => [`${name}.${i}`, g] as const) : [];
  });
}
