import { elementCount } from "../base/array.ts";
import { byteLength } from "../base/elementType.ts";
import type { Host } from "../base/host.ts";
import { randomFeeds } from "../measure/feeds.ts";
import { findShapes } from "../measure/shapes.ts";
import type { InputInfo } from "../runtime/session.ts";
import { touchedBytes } from "./arena.ts";
import { planBuffers } from "./buffers.ts";
import { symbolSize } from "./dropout.ts";
import type { StepGraph } from "./stepGraph.ts";

/** Where the memory of a training goes, in bytes. */
export interface MemoryPlan {
  readonly batch: number;
  /** Weights, statistics and the optimiser's state, in several copies where a step writes them, and the model as it was. */
  readonly state: number;
  /** What the runtime takes for inner values. */
  readonly activations: number;
  /** What activations grow by for one more sample. */
  readonly perSample: number;
  /** The process with the runtime, the graph and the input. */
  readonly rest: number;
  readonly total: number;
}

/** Resident size of a process with the runtime loaded, and what the runtime keeps for each node. Measured on Linux x64. */
const PROCESS = 165e6;
const PER_NODE = 13e3;
/** Constants that are not trained: the model's, and the session's. */
const COPIES = 2;
/**
 * Arrays for each slot that a step writes: the one that is read, the one that is written, the copy of that which the
 * runtime's binding hands back, the last step's copy, which waits for the garbage collector, and that of the last good
 * state, to which a training that diverges goes back.
 */
const WRITTEN = 5;

/** Values that are fetched by one run to see their shapes; the probes are small. */
const CHUNK = 1024;

/** Two batch sizes that every lowering takes, whose shapes say how values grow with the batch. */
const PROBES = [16, 32] as const;

export interface MemoryOptions {
  readonly host: Host;
  readonly signal?: AbortSignal;
  /** Builds the step's graph as it would be for a batch size. */
  readonly build: (batch: number) => Promise<StepGraph>;
}

/**
 * Estimates the memory of a training before it starts, by planning the buffers of the step's graph as the
 * runtime does. Needs a model whose batch is free.
 * @param batches sizes to estimate for
 */
export async function estimateMemory(
  batches: readonly number[],
  { build, ...options }: MemoryOptions,
): Promise<readonly MemoryPlan[]> {
  const [few, many] = [await build(PROBES[0]), await build(PROBES[1])];
  const [one, two] = [await sizesIn(few, PROBES[0], options), await sizesIn(many, PROBES[1], options)];
  const bytesAt = (name: string, batch: number): number => {
    const [low = 0, high = low] = [one.get(name)?.bytes, two.get(name)?.bytes];
    return low + ((high - low) * (batch - PROBES[0])) / (PROBES[1] - PROBES[0]);
  };
  const { model, reads } = few.batch;
  const isRead = new Set(reads.map((s) => s.input));
  const inputs = model.graph.inputs.filter((v) => !isRead.has(v.name));
  const { buffers, nodes } = planBuffers(model, (name) => one.get(name)?.shape);
  return batches.map((batch): MemoryPlan => {
    const peak = (size: number): number => touchedBytes(buffers, nodes, (name) => bytesAt(name, size));
    const activations = peak(batch);
    const perSample = activations - peak(Math.max(0, batch - 1));
    const fed = inputs.reduce((sum, v) => sum + bytesAt(v.name, batch), 0);
    const rest = PROCESS + PER_NODE * model.graph.nodes.length + COPIES * constantBytes(few) + fed;
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
  return PROCESS + nodes + COPIES * constantBytes(graph) + stateBytes(graph) + 3 * forward;
}

function stateBytes(graph: StepGraph): number {
  const written = new Set([...graph.batch.writes.values(), ...(graph.update?.writes.values() ?? [])]);
  return graph.slots.reduce((sum, slot) => {
    const copies = (written.has(slot) ? WRITTEN : 1) + (typeof slot.start === "number" ? 0 : 1);
    return sum + 4 * elementCount(slot.dims) * copies;
  }, 0);
}

function constantBytes({ inference, slots }: StepGraph): number {
  const trained = new Set(slots.map((s) => s.of));
  const rest = inference.graph.initializers.filter((t) => !trained.has(t.name));
  return rest.reduce((sum, t) => sum + byteLength(t.type, elementCount(t.dims)), 0);
}

interface Size {
  readonly bytes: number;
  /** Type and sizes. */
  readonly shape: string;
}

/** Every value of a step's graph on a batch of this size. */
async function sizesIn(
  { batch: { model }, dropouts }: StepGraph,
  size: number,
  options: Omit<MemoryOptions, "build">,
): Promise<ReadonlyMap<string, Size>> {
  const constants = new Set(model.graph.initializers.map((t) => t.name));
  const infos = model.graph.inputs.flatMap((v): InputInfo[] =>
    v.type?.kind !== "tensor" || constants.has(v.name)
      ? []
      : [{ name: v.name, type: v.type.type, dims: (v.type.dims ?? []).map((d) => d.size ?? "") }],
  );
  const symbols = dropouts.flatMap((m) => m.dims.filter((d) => typeof d === "string"));
  const named = Object.fromEntries(symbols.map((symbol) => [symbol, symbolSize(symbol, size)]));
  const feeds = randomFeeds(infos, { batch: size, seed: 0, sizes: named });
  const { values } = await findShapes(model, { ...options, chunk: CHUNK, once: true, feeds: () => feeds });
  return new Map(
    [...values].map(([name, { type, sizes }]) => [
      name,
      { bytes: type === "string" ? 0 : byteLength(type, elementCount(sizes)), shape: `${type}[${sizes.join()}]` },
    ]),
  );
}

/** The largest batch whose estimate stays within a limit; 0 where not even one sample does. */
export function largestBatch({ batch, total, perSample }: MemoryPlan, limit: number): number {
  const free = limit - (total - batch * perSample);
  return perSample > 0 ? Math.max(0, Math.floor(free / perSample)) : free >= 0 ? Infinity : 0;
}
