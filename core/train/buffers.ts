import type { Model, Node } from "../graph/model.ts";
import { indexGraph } from "../graph/uses.ts";
import { opOf } from "../ops/registry.ts";

/** Memory that some values of a graph share one after another, from the node that makes the first to the last reader. */
export interface Buffer {
  /** The first value in it. */
  readonly value: string;
  /** Positions in the order of the nodes. */
  readonly start: number;
  readonly end: number;
}

/**
 * The buffers that onnxruntime plans for the inner values of a graph (`allocation_planner.cc`): a value takes the buffer
 * of a dead one of the same type and shape, the one that died last. That buffer is kept in between, so the peak is higher
 * than the values alive at once.
 * @param shapeOf type and sizes as text; undefined where the runtime does not know them before it runs
 */
export function planBuffers(
  { graph, opsets }: Model,
  shapeOf: (value: string) => string | undefined,
): { readonly buffers: readonly Buffer[]; readonly nodes: number } {
  const { isOutput, usesOf, producer } = indexGraph(graph);
  const order = runOrder(graph.nodes);
  const isView = (node: Node): boolean => opOf(node, opsets)?.sameElements === true;
  const bufferOf = new Map<string, string>();
  const uses = new Map<string, number>();
  const starts = new Map<string, number>();
  const ends = new Map<string, number>();
  /** Dead buffers by shape, the latest at the end. */
  const dead = new Map<string, string[]>();
  const release = (buffer: string, at: number): void => {
    ends.set(buffer, at);
    const shape = shapeOf(buffer);
    if (shape !== undefined) dead.set(shape, [...(dead.get(shape) ?? []), buffer]);
  };
  const bufferFor = (value: string, node: Node): string => {
    const viewed = isView(node) ? bufferOf.get(node.inputs[0] ?? "") : undefined;
    if (viewed !== undefined) return viewed;
    const shape = isOutput(value) ? undefined : shapeOf(value);
    return (shape === undefined ? undefined : dead.get(shape)?.pop()) ?? value;
  };
  for (const [at, node] of order.entries()) {
    for (const output of node.outputs) {
      if (output === "") continue;
      const isKept = isOutput(output) || (isView(node) && !producer.has(node.inputs[0] ?? ""));
      const buffer = bufferFor(output, node);
      bufferOf.set(output, buffer);
      // What leaves the graph, and views of what came in, take no memory of the run.
      uses.set(buffer, (uses.get(buffer) ?? 0) + (isKept ? Infinity : usesOf(output).length));
      if (buffer === output && !isKept) starts.set(buffer, at);
    }
    for (const input of node.inputs) {
      const buffer = bufferOf.get(input);
      if (buffer === undefined) continue;
      const left = uses.get(buffer)! - 1;
      uses.set(buffer, left);
      if (left === 0) release(buffer, at);
    }
    for (const output of node.outputs) {
      if (output !== "" && usesOf(output).length === 0 && uses.get(bufferOf.get(output)!) === 0)
        release(bufferOf.get(output)!, at);
    }
  }
  const last = order.length - 1;
  const buffers = [...starts].map(([value, start]) => ({ value, start, end: ends.get(value) ?? last }));
  return { buffers, nodes: order.length };
}

/**
 * The order in which onnxruntime runs nodes that it has not rewritten: depth first from the nodes that nothing follows,
 * the last one first, and from each to its inputs, the latest first.
 */
function runOrder(nodes: readonly Node[]): readonly Node[] {
  const maker = new Map(nodes.flatMap((node, i) => node.outputs.map((o) => [o, i] as const)));
  const before = nodes.map((n) =>
    [...new Set(n.inputs.flatMap((i) => (i === "" ? [] : (maker.get(i) ?? []))))].sort((a, b) => a - b),
  );
  const isFollowed = new Set(before.flat());
  const stack = nodes.flatMap((_, i) => (isFollowed.has(i) ? [] : [{ at: i, leave: false }]));
  const seen = new Set<number>();
  const order: Node[] = [];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (top.leave) {
      order.push(nodes[top.at]!);
      continue;
    }
    if (seen.has(top.at)) continue;
    seen.add(top.at);
    stack.push({ at: top.at, leave: true });
    for (const at of before[top.at]!) if (!seen.has(at)) stack.push({ at, leave: false });
  }
  return order;
}
