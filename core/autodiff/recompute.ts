import type { Graph, Model, Node, Value } from "../graph/model.ts";
import { sortNodes } from "../graph/order.ts";
import { startDraft, type Draft } from "./writer.ts";

export interface RecomputeOptions {
  /** Outputs of the forward pass: losses and running statistics. */
  readonly forward: readonly string[];
  /** Inputs that grow with the batch. */
  readonly data: readonly string[];
}

/**
 * Trades time for memory in a differentiated graph (Chen et al. 2016, Training Deep Nets with Sublinear Memory Cost):
 * cuts the forward pass into about √n segments, keeps what crosses a cut, and computes what the backward pass needs
 * from inside a segment a second time. What is small is kept: reductions and all that follows from weights alone.
 * Computes the same.
 */
export function recompute(model: Model, { forward, data }: RecomputeOptions): Model {
  const { graph } = model;
  const ahead = ancestors(graph, forward);
  const order = graph.nodes.filter((n) => ahead.has(n));
  const behind = graph.nodes.filter((n) => !ahead.has(n));
  const large = largeValues(graph, data);
  const isWanted = (value: string): boolean => large.has(value);
  const wanted = new Set(behind.flatMap((n) => n.inputs.filter(isWanted)));
  const draft = startDraft(graph, { opset: model.opsets[""] ?? 0, facts: () => undefined, prefix: "again" });
  const renamed = new Map<string, string>();
  for (const segment of cut(order, { wanted, large })) repeat(segment, { draft, behind, wanted, renamed, large });
  const rename = (name: string): string => renamed.get(name) ?? name;
  const after = behind.map((n) => (n.inputs.some((i) => renamed.has(i)) ? { ...n, inputs: n.inputs.map(rename) } : n));
  const nodes = sortNodes([...order, ...draft.nodes, ...after]);
  const initializers = [...graph.initializers, ...draft.initializers];
  return Object.freeze({ ...model, graph: Object.freeze({ ...graph, nodes, initializers }) });
}

/** Nodes that some of these values follow from. */
function ancestors({ nodes }: Graph, values: readonly string[]): ReadonlySet<Node> {
  const needed = new Set(values);
  const found = new Set<Node>();
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((o) => needed.has(o))) continue;
    found.add(node);
    for (const input of node.inputs) needed.add(input);
  }
  return found;
}

/** Values that grow with the batch and were not reduced: what follows from an input of the data through other ops than reductions. */
function largeValues({ inputs, nodes, initializers }: Graph, data: readonly string[]): ReadonlySet<string> {
  const isLarge = ({ name, type }: Value): boolean =>
    data.includes(name) && type?.kind === "tensor" && (type.dims ?? []).length > 1;
  const large = new Set(inputs.filter(isLarge).map((v) => v.name));
  const vectors = new Set(initializers.filter((t) => t.dims.length === 1).map((t) => t.name));
  for (const { op, inputs: from, outputs } of nodes) {
    // A vector times a matrix is a weighted sum of its rows.
    const isSum = op === "MatMul" && vectors.has(from[0] ?? "");
    const shrinks = isSum || /^(Reduce|Global|Shape$|Size$|Gather$)/.test(op);
    if (!shrinks && from.some((i) => large.has(i))) for (const o of outputs) large.add(o);
  }
  return large;
}

interface Needs {
  /** Large values of the forward pass that the backward pass reads. */
  readonly wanted: ReadonlySet<string>;
  readonly large: ReadonlySet<string>;
}

/** Segments of about √n wanted values each, cut where a single large value crosses. */
function cut(order: readonly Node[], { wanted, large }: Needs): readonly (readonly Node[])[] {
  const last = new Map<string, number>();
  order.forEach((node, i) => {
    for (const input of node.inputs) if (large.has(input)) last.set(input, i);
  });
  const count = order.reduce((sum, n) => sum + n.outputs.filter((o) => wanted.has(o)).length, 0);
  const size = Math.max(2, Math.ceil(Math.sqrt(count)));
  const segments: Node[][] = [[]];
  const alive = new Set<string>();
  let held = 0;
  for (const [i, node] of order.entries()) {
    segments.at(-1)!.push(node);
    held += node.outputs.filter((o) => wanted.has(o)).length;
    for (const o of node.outputs) if (large.has(o) && (last.get(o) ?? -1) > i) alive.add(o);
    for (const name of alive) if (last.get(name)! <= i) alive.delete(name);
    if (held < size || alive.size > 1) continue;
    segments.push([]);
    held = 0;
  }
  // The backward pass starts with the last segment, whose values are still there.
  return segments.slice(0, -1);
}

/** Ops whose large results are surely numbers and not conditions. */
const ARITHMETIC: ReadonlySet<string> = new Set(["Add", "Sub", "Mul", "Div", "Sum", "MatMul", "Gemm", "Conv"]);

interface Repeating extends Needs {
  readonly draft: Draft;
  readonly behind: readonly Node[];
  readonly renamed: Map<string, string>;
}

/** Writes a second copy of what makes a segment's wanted values, to be run only when the backward pass gets there. */
function repeat(segment: readonly Node[], { draft, behind, wanted, renamed, large }: Repeating): void {
  const own = new Set(segment.flatMap((n) => n.outputs));
  const crossing = new Set(segment.flatMap((n) => n.inputs.filter((i) => large.has(i) && !own.has(i))));
  const targets = new Set([...own].filter((o) => wanted.has(o)));
  const first = behind.findIndex((n) => n.inputs.some((i) => targets.has(i)));
  // What is made before that node follows from none of the copies, so waiting for it closes no circle.
  const gradient = behind
    .slice(0, Math.max(0, first))
    .findLast((n) => ARITHMETIC.has(n.op) && large.has(n.outputs[0] ?? ""));
  if (gradient === undefined) return;
  const zero = zeroAfter(draft, gradient.outputs[0]!);
  const again = new Map<string, string>();
  // Without the sum the runtime would take the copies for what they are, and share them with the originals.
  for (const value of crossing) again.set(value, draft.op("Add", [value, zero]));
  const needed = new Set(targets);
  const nodes: Node[] = [];
  for (const node of segment.toReversed()) {
    if (!node.outputs.some((o) => needed.has(o))) continue;
    // Small values are kept and need no second computation.
    if (!node.outputs.some((o) => large.has(o))) continue;
    nodes.unshift(node);
    for (const input of node.inputs) if (own.has(input) && large.has(input)) needed.add(input);
  }
  for (const node of nodes) {
    const { op, domain, attributes, inputs, outputs } = node;
    const copies = draft.ops(
      op,
      inputs.map((i) => again.get(i) ?? i),
      { attributes, domain, outputs: outputs.length },
    );
    outputs.forEach((o, slot) => again.set(o, copies[slot]!));
  }
  for (const target of targets) if (again.has(target)) renamed.set(target, again.get(target)!);
}

/** 0, known only once a value is: its first element times nought. */
function zeroAfter(draft: Draft, value: string): string {
  const int = (...numbers: number[]): string =>
    draft.constant({ type: "int64", dims: [numbers.length], data: BigInt64Array.from(numbers, BigInt) });
  const flat = draft.op("Reshape", [value, int(-1)]);
  const element = draft.op("Slice", [flat, int(0), int(1), int(0)]);
  return draft.op("Mul", [element, draft.constant({ type: "float32", dims: [1], data: Float32Array.of(0) })]);
}
