import type { Host } from "../base/host.ts";
import { subgraphsOf } from "../graph/attributes.ts";
import type { Graph, Model, Node } from "../graph/model.ts";
import { profileModel, type Trace } from "../runtime/profile.ts";
import type { SessionOptions } from "../runtime/session.ts";
import { attribute } from "./attribute.ts";
import { nodeMacs } from "./costs.ts";
import { packFeeds, type Feeds } from "./feeds.ts";
import type { LayerTask } from "./profileProbe.ts";
import { feedsLike, type FoundShapes } from "./shapes.ts";
import { median } from "./statistics.ts";

export interface ProfileLayersOptions {
  readonly session: Pick<SessionOptions, "provider" | "threads" | "optimization">;
  readonly batch: number;
  /** Counted runs; default 20. */
  readonly runs?: number;
  /** Runs before them; default 5. */
  readonly warmup?: number;
  readonly seed: number;
  /** Random ones where absent. */
  readonly feeds?: Feeds;
  readonly shapes: FoundShapes;
  readonly host: Host;
  readonly signal?: AbortSignal;
}

export interface LayerTimes {
  /** Milliseconds per call, median over the runs. Nodes that were merged into another one have none. */
  readonly times: ReadonlyMap<Node, number>;
  /** Median of a whole run under the profiler, in milliseconds. */
  readonly total: number;
  /** Kernel time that could not be traced back to a node, in milliseconds, and where it went. */
  readonly unattributed: number;
  readonly unknown: readonly { readonly name: string; readonly op: string; readonly time: number }[];
  /** What of `total` no kernel accounts for: the runtime's own bookkeeping, profiling included. */
  readonly overhead: number;
}

/**
 * Time of each node of a model, from the runtime's profiler: what ran is a graph that the runtime rewrote, so
 * its times are traced back (see `attribute`) to the nodes of ours.
 * @throws what loading and running the model throws
 */
export async function profileLayers(model: Model, options: ProfileLayersOptions): Promise<LayerTimes> {
  const { session, batch, seed, runs = 20, warmup = 5, host, signal } = options;
  const constants = new Set(model.graph.initializers.map((t) => t.name));
  const inputs = model.graph.inputs.map((v) => v.name).filter((name) => !constants.has(name));
  const feeds = options.feeds ?? feedsLike(options.shapes, inputs, { batch, seed });
  const named = nameNodes(model);
  const task: LayerTask = { session, runs: runs + warmup, feeds: packFeeds(feeds) };
  const trace = await profileModel(named, {
    script: new URL("./profileProbe.ts", import.meta.url),
    task: { ...task },
    warmup,
    host,
    ...(signal && { signal }),
  });
  const weight = (node: Node): number => nodeMacs(node, model, options.shapes);
  return collect(trace, { original: model.graph, named: named.graph, weight });
}

interface Graphs {
  readonly original: Graph;
  readonly named: Graph;
  readonly weight: (node: Node) => number;
}

function collect(trace: Trace, { original, named, weight }: Graphs): LayerTimes {
  const back = new Map(named.nodes.map((node, i) => [node, original.nodes[i]!]));
  const attributed = attribute(named, trace.optimized, weight);
  const optimized = new Map(trace.optimized.nodes.map((n) => [n.name, n]));
  const hasBodies = trace.optimized.nodes.some((n) => subgraphsOf(n).length > 0);
  const times = new Map<Node, number>();
  const unknown: { name: string; op: string; time: number }[] = [];
  let kernels = 0;
  for (const { name, op, times: samples } of trace.nodes) {
    const ran = optimized.get(name);
    // What runs inside a body is in the time of its If, Loop or Scan already.
    if (ran === undefined && hasBodies) continue;
    const time = median(samples);
    kernels += time;
    const node = ran && back.get(attributed.get(ran)?.node ?? ran);
    if (node === undefined) unknown.push({ name, op, time });
    else times.set(node, (times.get(node) ?? 0) + time);
  }
  const total = median(trace.runs);
  return {
    times,
    total,
    unattributed: unknown.reduce((sum, u) => sum + u.time, 0),
    unknown,
    overhead: Math.max(0, total - kernels),
  };
}

/** The model with a unique name for every node of the main graph, as the profiler tells nodes apart by name. */
function nameNodes(model: Model): Model {
  const taken = new Set(model.graph.nodes.map((n) => n.name));
  const seen = new Set<string>();
  const nodes = model.graph.nodes.map((node) => {
    let { name } = node;
    for (let n = 1; name === "" || seen.has(name) || (name !== node.name && taken.has(name)); n++)
      name = `${node.op}_${n}`;
    seen.add(name);
    return name === node.name ? node : { ...node, name };
  });
  return { ...model, graph: { ...model.graph, nodes } };
}
