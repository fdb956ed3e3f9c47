import { LatheError } from "../base/error.ts";
import { hash } from "../base/hash.ts";
import type { Host } from "../base/host.ts";
import type { AttributeValue, Model, Node, Value } from "../graph/model.ts";
import { initialize, type Architecture } from "../zoo/build.ts";
import { kendallTau, fitRidge, meanPercentageError } from "../search/regression.ts";
import type { PredictorFindings } from "./searchFindings.ts";
import { timeModels, type TimingOptions } from "./searchLatency.ts";
import { costsOfNet } from "./searchSpace.ts";

/** A part of a net that is timed by itself: a block, or a layer outside of blocks. */
export interface Block {
  /** The same for blocks that take the same time: operations, attributes and sizes, without names. */
  readonly key: string;
  readonly architecture: Architecture;
}

/** Cuts a net along the names of its layers: "stage1.block2.…" is a block, "stem.…" another. */
export function blocksOf(net: Architecture): readonly Block[] {
  const groups = new Map<string, Node[]>();
  for (const node of net.nodes) {
    const parts = (node.outputs.find((o) => o !== "") ?? node.name).split(".");
    const name = parts.slice(0, parts.length > 2 ? 2 : 1).join(".");
    groups.set(name, [...(groups.get(name) ?? []), node]);
  }
  return [...groups.values()].map((nodes) => {
    const architecture = cut(net, nodes);
    return { key: keyOf(architecture), architecture };
  });
}

function cut(net: Architecture, nodes: readonly Node[]): Architecture {
  const known = new Map([...net.inputs, ...net.outputs, ...net.values].map((v) => [v.name, v]));
  const made = new Set(nodes.flatMap((n) => n.outputs));
  const read = new Set(nodes.flatMap((n) => n.inputs).filter((name) => name !== ""));
  const elsewhere = new Set([
    ...net.nodes.filter((n) => !nodes.includes(n)).flatMap((n) => n.inputs),
    ...net.outputs.map((v) => v.name),
  ]);
  const values = (names: Iterable<string>): readonly Value[] => [...names].flatMap((name) => known.get(name) ?? []);
  return {
    inputs: values([...read].filter((name) => !made.has(name))),
    outputs: values([...made].filter((name) => elsewhere.has(name))),
    values: [],
    nodes,
    parameters: net.parameters.filter((p) => read.has(p.name)),
    constants: net.constants.filter((t) => read.has(t.name)),
  };
}

function keyOf({ inputs, nodes, parameters, constants }: Architecture): string {
  const numbers = new Map<string, number>();
  const number = (name: string): number => {
    if (!numbers.has(name)) numbers.set(name, numbers.size);
    return numbers.get(name)!;
  };
  const sizes = inputs.map((v) => [number(v.name), v.type?.kind === "tensor" ? v.type.dims?.map((d) => d.size) : []]);
  const steps = nodes.map((n) => [
    n.op,
    n.inputs.map(number),
    n.outputs.map(number),
    Object.entries(n.attributes).map(([name, a]) => [name, plain(a)]),
  ]);
  const held = [...parameters, ...constants].map((p) => [number(p.name), p.dims]);
  return hash(JSON.stringify([sizes, steps, held])).slice(0, 20);
}

function plain(attribute: AttributeValue): unknown {
  if (!("value" in attribute)) return attribute.kind;
  const { value } = attribute;
  return typeof value === "bigint" || Array.isArray(value) ? String(value) : value;
}

/** Milliseconds by block. */
export type LatencyTable = Readonly<Record<string, number>>;

const SECONDS = 0.1;
/** Blocks that are timed in turns with each other. */
const TOGETHER = 24;

/** The table with what these nets have and it does not, measured here. */
export async function extendTable(
  table: LatencyTable,
  nets: readonly Architecture[],
  options: TimingOptions,
): Promise<LatencyTable> {
  const missing = new Map(nets.flatMap(blocksOf).flatMap((b) => (b.key in table ? [] : [[b.key, b] as const])));
  const blocks = [...missing.values()];
  const found: Record<string, number> = { ...table };
  for (let at = 0; at < blocks.length; at += TOGETHER) {
    const some = blocks.slice(at, at + TOGETHER);
    const models = some.map(({ architecture }): Model => initialize(architecture, options.seed));
    const times = await timeModels(models, { ...options, seconds: SECONDS * some.length });
    for (const [i, { key }] of some.entries()) found[key] = times[i]!;
  }
  return found;
}

/** Everything that a prediction follows from: what was measured here. Plain JSON. */
export interface Measured {
  readonly table: LatencyTable;
  readonly nets: readonly { readonly features: readonly number[]; readonly latency: number }[];
}

/** Sum of the table's blocks, then counts that say what the table cannot: how well blocks run behind each other. */
export function latencyFeatures(net: Architecture, table: LatencyTable): readonly number[] {
  const blocks = blocksOf(net);
  const sum = blocks.reduce((total, { key }) => {
    const time = table[key];
    if (time === undefined) throw new LatheError("internal", `The latency table lacks the block "${key}".`);
    return total + time;
  }, 0);
  const { macs, size, memory } = costsOfNet(net);
  return [sum, blocks.length, net.nodes.length, macs / 1e6, size / 1e6, (memory - size) / 1e6];
}

export interface LatencyPredictor {
  /** Milliseconds. Every block has to be in the table. */
  predict(net: Architecture): number;
  readonly findings: PredictorFindings;
}

/** Fits measured latencies of whole nets by their features (ridge), and tells the error on nets left out. */
export function fitLatency({ table, nets }: Measured): LatencyPredictor {
  const truth = nets.map((n) => n.latency);
  const fit = fitRidge(
    nets.map((n) => n.features),
    truth,
  );
  const least = Math.min(...truth) / 4;
  // Sums of blocks as they are would only be too long by what calls cost; a factor is granted to them.
  const sums = nets.map((n) => n.features[0]!);
  const factor = sums.reduce((s, x, i) => s + x * truth[i]!, 0) / sums.reduce((s, x) => s + x * x, 0);
  const scaled = sums.map((s) => s * factor);
  return {
    predict: (net) => Math.max(least, fit.predict(latencyFeatures(net, table))),
    findings: {
      nets: nets.length,
      blocks: Object.keys(table).length,
      error: meanPercentageError(fit.leftOut, truth),
      tau: kendallTau(fit.leftOut, truth),
      sum: { error: meanPercentageError(scaled, truth), tau: kendallTau(scaled, truth) },
    },
  };
}

/** Reads JSON that was written here; undefined where there is none or it is damaged. */
export async function readJson<T>(path: string, host: Host): Promise<T | undefined> {
  if ((await host.files.info(path)) === undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(await host.files.read(path))) as T;
  } catch {
    return undefined;
  }
}

/** Writes JSON, whole or not at all. */
export async function writeJson(path: string, content: unknown, host: Host): Promise<void> {
  await host.files.makeFolder(host.files.folder(path));
  const writer = await host.files.create(path);
  try {
    await writer.write(new TextEncoder().encode(JSON.stringify(content)));
    await writer.commit();
  } finally {
    await writer.discard();
  }
}
