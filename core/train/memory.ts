import { elementCount } from "../base/array.ts";
import { byteLength } from "../base/elementType.ts";
import type { Host } from "../base/host.ts";
import type { Model, Node } from "../graph/model.ts";
import { indexGraph } from "../graph/uses.ts";
import { randomFeeds } from "../measure/feeds.ts";
import { findShapes } from "../measure/shapes.ts";
import type { InputInfo } from "../runtime/session.ts";
import { symbolSize } from "./dropout.ts";
import type { StepGraph } from "./stepGraph.ts";

/** Where the memory of a training goes, in bytes. */
export interface MemoryPlan {
  readonly batch: number;
  /** Weights, statistics and the optimiser's state, in two copies where a step writes them, and the model as it was. */
  readonly state: number;
  /** Most bytes of inner values that are alive at the same time. */
  readonly activations: number;
  /** What activations grow by for one more sample. */
  readonly perSample: number;
  /** The process with the runtime, the graph and the input. */
  readonly rest: number;
  readonly total: number;
}

/** Resident size of a process with the runtime loaded, and what the runtime keeps for each node. Measured on Linux x64. */
const PROCESS = 165e6;
const PER_NODE = 20e3;
/** Copies of the model that building leaves to the garbage collector. */
const COPIES = 2;

/** Values that are fetched by one run to see their shapes; the probes are small. */
const CHUNK = 1024;

/** Ops whose output is their input's memory. */
const VIEWS: ReadonlySet<string> = new Set(["Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity"]);

/** Two batch sizes that every lowering takes, whose shapes say how values grow with the batch. */
const PROBES = [16, 32] as const;

export interface MemoryOptions {
  readonly host: Host;
  readonly signal?: AbortSignal;
  /** Builds the step's graph as it would be for a batch size. */
  readonly build: (batch: number) => Promise<StepGraph>;
}

/**
 * Estimates the memory of a training before it starts, by following which values are alive while the step's graph
 * runs in its order. Needs a model whose batch is free.
 * @param batches sizes to estimate for
 */
export async function estimateMemory(
  batches: readonly number[],
  { build, ...options }: MemoryOptions,
): Promise<readonly MemoryPlan[]> {
  const [few, many] = [await build(PROBES[0]), await build(PROBES[1])];
  const [one, two] = [await bytesIn(few, PROBES[0], options), await bytesIn(many, PROBES[1], options)];
  const bytesAt = (name: string, batch: number): number => {
    const [low, high] = [one.get(name) ?? 0, two.get(name) ?? one.get(name) ?? 0];
    return low + ((high - low) * (batch - PROBES[0])) / (PROBES[1] - PROBES[0]);
  };
  const { model, reads } = few.batch;
  const isRead = new Set(reads.map((s) => s.input));
  const inputs = model.graph.inputs.filter((v) => !isRead.has(v.name));
  return batches.map((batch): MemoryPlan => {
    const peak = (size: number): number => peakBytes(model, (name) => bytesAt(name, size));
    const activations = peak(batch);
    const perSample = activations - peak(Math.max(0, batch - 1));
    const fed = inputs.reduce((sum, v) => sum + bytesAt(v.name, batch), 0);
    const rest = PROCESS + PER_NODE * model.graph.nodes.length + COPIES * constantBytes(few.inference) + fed;
    const state = stateBytes(few);
    return { batch, state, activations, perSample, rest, total: state + activations + rest };
  });
}

/** More than the memory can come to: as if a step kept every value of the forward pass three times over. */
export function mostMemory(graph: StepGraph, batch: number): number {
  const { values, samples } = graph.shapes;
  const constants = new Set(graph.inference.graph.initializers.map((t) => t.name));
  let forward = 0;
  for (const [name, { type, dims, sizes }] of values) {
    if (type === "string" || constants.has(name)) continue;
    const grows = dims.some((d) => typeof d === "string");
    forward += byteLength(type, elementCount(sizes)) * (grows ? batch / samples : 1);
  }
  const nodes = PER_NODE * graph.batch.model.graph.nodes.length;
  return PROCESS + nodes + COPIES * constantBytes(graph.inference) + stateBytes(graph) + 3 * forward;
}

function stateBytes(graph: StepGraph): number {
  const written = new Set([...graph.batch.writes.values(), ...(graph.update?.writes.values() ?? [])]);
  return graph.slots.reduce((sum, slot) => {
    const copies = (written.has(slot) ? 2 : 1) + (typeof slot.start === "number" ? 0 : 1);
    return sum + 4 * elementCount(slot.dims) * copies;
  }, 0);
}

const constantBytes = ({ graph }: Model): number =>
  graph.initializers.reduce((sum, t) => sum + byteLength(t.type, elementCount(t.dims)), 0);

/** Bytes of every value of a step's graph on a batch of this size. */
async function bytesIn(
  { batch: { model }, dropouts }: StepGraph,
  size: number,
  options: Omit<MemoryOptions, "build">,
): Promise<ReadonlyMap<string, number>> {
  const constants = new Set(model.graph.initializers.map((t) => t.name));
  const infos = model.graph.inputs.flatMap((v): InputInfo[] =>
    v.type?.kind !== "tensor" || constants.has(v.name)
      ? []
      : [{ name: v.name, type: v.type.type, dims: (v.type.dims ?? []).map((d) => d.size ?? "") }],
  );
  const symbols = dropouts.flatMap((m) => m.dims.filter((d) => typeof d === "string"));
  const sizes = Object.fromEntries(symbols.map((symbol) => [symbol, symbolSize(symbol, size)]));
  const feeds = randomFeeds(infos, { batch: size, seed: 0, sizes });
  const { values } = await findShapes(model, { ...options, chunk: CHUNK, once: true, feeds: () => feeds });
  return new Map(
    [...values].map(([name, { type, sizes }]) => [name, type === "string" ? 0 : byteLength(type, elementCount(sizes))]),
  );
}

/** The largest batch whose estimate stays within a limit; 0 where not even one sample does. */
export function largestBatch({ batch, total, perSample }: MemoryPlan, limit: number): number {
  const free = limit - (total - batch * perSample);
  return perSample > 0 ? Math.max(0, Math.floor(free / perSample)) : free >= 0 ? Infinity : 0;
}

/** Most bytes of node outputs alive at once; a value dies behind its last use, and outputs of the graph do not count. */
function peakBytes({ graph }: Model, bytes: (name: string) => number): number {
  const { isOutput, usesOf, producer } = indexGraph(graph);
  const root = (name: string): string => {
    const node = producer.get(name);
    return node !== undefined && isView(node) ? root(node.inputs[0] ?? "") : name;
  };
  const left = new Map<string, number>();
  for (const node of graph.nodes)
    for (const input of node.inputs) if (input !== "") left.set(root(input), (left.get(root(input)) ?? 0) + 1);
  let [alive, peak] = [0, 0];
  for (const node of runOrder(graph.nodes)) {
    const inner = node.outputs.filter((o) => o !== "" && !isOutput(o) && !isView(node));
    alive += inner.reduce((sum, o) => sum + bytes(o), 0);
    peak = Math.max(peak, alive);
    for (const o of inner) if (usesOf(o).length === 0) alive -= bytes(o);
    for (const input of node.inputs) {
      if (input === "") continue;
      const value = root(input);
      const rest = left.get(value)! - 1;
      left.set(value, rest);
      if (rest === 0 && producer.has(value) && !isOutput(value)) alive -= bytes(value);
    }
  }
  return peak;
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

const isView = (node: Node): boolean => node.domain === "" && VIEWS.has(node.op);
