import { indexGraph, type GraphIndex } from "../../graph/uses.ts";
import type { Node } from "../../graph/model.ts";
import { nodeMacs } from "../../measure/costs.ts";
import { profileLayers } from "../../measure/layers.ts";
import { findShapes, type FoundShapes } from "../../measure/shapes.ts";
import { constantBytes } from "../../measure/weights.ts";
import { BITS } from "../../transform/bits.ts";
import { formatOf, type Format, type FormatName } from "../../transform/formats.ts";
import { tableBytes } from "../../transform/packBits.ts";
import type { Assignment } from "../../transform/writeFormats.ts";
import { oneCall } from "../calibration.ts";
import type { MethodContext } from "../define.ts";
import type { Calibrated } from "../formatCalibration.ts";
import type { Params } from "./params.ts";
import type { Remember } from "./remember.ts";
import type { Judged } from "./sensitivity.ts";

/** What formats cost in the unit of the budget. */
export interface Costs {
  readonly unit: "B" | "bit operations" | "ms";
  /** Of one layer in one format; not negative. */
  of(node: string, format: FormatName): number;
  /** What a model costs whatever the formats of its layers are. */
  readonly fixed: number;
  /** What all layers with weights of that many bits need once, by name; empty for formats that need nothing. */
  readonly shared: Readonly<Record<string, number>>;
  /** What a written model costs; the programme's own sum where nothing but that can be said. */
  actual(model: Calibrated["model"], assignment: Assignment): number;
  /** Multiply–accumulates of a sample by node name. */
  readonly macs: ReadonlyMap<string, number>;
}

export interface CostOptions {
  readonly calibrated: Calibrated;
  readonly judged: ReadonlyMap<string, readonly Judged[]>;
  readonly remember: Remember;
}

/** The table of costs for the budget that is asked for. */
export async function costTable(context: MethodContext<Params>, options: CostOptions): Promise<Costs> {
  const { model, layers } = options.calibrated;
  const shapes = await findShapes(model, { host: context.host, signal: context.signal });
  const macs = new Map(layers.map(({ node }) => [node.name, nodeMacs(node, model, shapes)]));
  switch (context.params.budget) {
    case "size":
      return { ...sizes(options), unit: "B", actual: (made) => constantBytes(made), macs };
    case "bops": {
      const of: Costs["of"] = (node, name) => {
        const { weights, activations } = formatOf(name);
        return (macs.get(node) ?? 0) * weights * activations;
      };
      const common = { of, fixed: 0, shared: {} };
      return { ...common, unit: "bit operations", actual: (_, assignment) => sumOf(common, assignment), macs };
    }
    case "latency": {
      const common = { ...(await latencies(context, options)), shared: {} };
      return { ...common, unit: "ms", actual: (_, assignment) => sumOf(common, assignment), macs };
    }
  }
}

/** Bytes of constants: what the layer's were in float and what the format adds or takes away. */
function sizes({ calibrated, judged }: CostOptions): Pick<Costs, "of" | "fixed" | "shared"> {
  const index = indexGraph(calibrated.model.graph);
  const counted = new Set<string>();
  const floats = new Map(
    calibrated.layers.map(({ node }) => {
      const own = node.inputs.filter((input) => index.initializer.has(input) && !counted.has(input));
      for (const input of own) counted.add(input);
      const bytes = own.reduce((sum, input) => sum + bytesOf(index, input), 0);
      return [node.name, bytes] as const;
    }),
  );
  const all = [...floats.values()].reduce((sum, bytes) => sum + bytes, 0);
  return {
    of: (node, format) => {
      const known = judged.get(node)?.find((j) => j.format === format);
      return Math.max(0, (floats.get(node) ?? 0) + (known?.bytes ?? 0));
    },
    fixed: constantBytes(calibrated.model) - all,
    shared: Object.fromEntries(
      BITS.filter((bits) => bits < 8).map((bits) => [tableOf(bits), tableBytes(new Set([bits]))]),
    ),
  };
}

const tableOf = (bits: Format["weights"]): string => `table of ${bits} bits`;

/** The name of what a format shares with others, where it does. */
export function needsOf(name: FormatName): string | undefined {
  const { weights } = formatOf(name);
  return weights < 8 ? tableOf(weights) : undefined;
}

/** What an assignment costs as the programme adds it up. */
export function sumOf({ of, fixed, shared }: Pick<Costs, "of" | "fixed" | "shared">, assignment: Assignment): number {
  const needed = new Set([...assignment.values()].flatMap((name) => needsOf(name) ?? []));
  const tables = [...needed].reduce((sum, name) => sum + (shared[name] ?? 0), fixed);
  return [...assignment].reduce((sum, [node, format]) => sum + of(node, format), tables);
}

function bytesOf(index: GraphIndex, name: string): number {
  const data = index.initializer.get(name)?.data;
  return data?.kind === "bytes" ? data.bytes.byteLength : 0;
}

/**
 * Milliseconds of each layer in each format, from profiles of the model with that format everywhere. What runs between
 * the layers counts for the layer before it. What changes where neighbours have different formats is not in such a table.
 */
async function latencies(
  context: MethodContext<Params>,
  { calibrated, judged, remember }: CostOptions,
): Promise<Pick<Costs, "of" | "fixed">> {
  const { host, signal, seed, session, emit } = context;
  const names = new Set([...judged.values()].flatMap((choices) => choices.map((c) => c.format)));
  emit({ kind: "stage", name: "Time layers" });
  const feeds = await oneCall(calibrated.model, calibrated.stream, signal);
  const tables = new Map<FormatName, Readonly<Record<string, number>>>();
  for (const name of names) {
    const times = await remember("latency", { format: name }, async () => {
      const made = calibrated.write(calibrated.uniform(name));
      const shapes = await findShapes(made, { host, signal });
      const batch = Object.values(feeds)[0]?.dims[0] ?? 1;
      const { threads, provider, optimization } = session;
      const profile = await profileLayers(made, {
        session: { ...(threads && { threads }), ...(provider && { provider }), ...(optimization && { optimization }) },
        batch,
        runs: 40,
        seed,
        feeds,
        shapes,
        host,
        signal,
      });
      return timesByLayer(made, { times: profile.times, layers: calibrated.layers.map((l) => l.node.name), shapes });
    });
    tables.set(name, times);
  }
  const rest = [...tables.values()].map((times) => times[REST] ?? 0);
  return {
    of: (node, format) => tables.get(format)?.[node] ?? 0,
    fixed: rest.reduce((sum, time) => sum + time, 0) / Math.max(1, rest.length),
  };
}

/** Where time goes that belongs to no layer. No node bears this name, as it is not a name. */
const REST = "";

function timesByLayer(
  { graph }: Calibrated["model"],
  {
    times,
    layers,
  }: { readonly times: ReadonlyMap<Node, number>; readonly layers: readonly string[]; readonly shapes: FoundShapes },
): Record<string, number> {
  const index = indexGraph(graph);
  const known = new Set(layers);
  const owners = new Map<Node, string>();
  // The graph is in order, so what feeds a node has its owner before it.
  for (const node of graph.nodes) {
    const before = node.inputs.map((input) => index.producer.get(input)).filter((n) => n !== undefined);
    const inherited = before.map((n) => owners.get(n)).find((owner) => owner !== undefined && owner !== REST);
    owners.set(node, known.has(node.name) ? node.name : (inherited ?? REST));
  }
  const sums: Record<string, number> = { [REST]: 0 };
  for (const name of layers) sums[name] = 0;
  for (const [node, time] of times) {
    const owner = owners.get(node) ?? REST;
    sums[owner] = (sums[owner] ?? 0) + time;
  }
  return sums;
}
