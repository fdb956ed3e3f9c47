import type { NdArray } from "../base/array.ts";
import { toFloat32 } from "../base/array.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import { LatheError } from "../base/error.ts";
import { Histogram } from "../base/histogram.ts";
import type { Host } from "../base/host.ts";
import type { Emit } from "../contract/event.ts";
import { intTensor, node, value } from "../graph/build.ts";
import { refuseNan } from "../graph/nanConstants.ts";
import type { Graph, Model, Node, Tensor, Value } from "../graph/model.ts";
import { freshNames } from "../graph/uses.ts";
import { removeDeadNodes } from "../graph/edit.ts";
import type { SampleStream } from "../data/batches.ts";
import { openSession, type Session, type SessionOptions } from "../runtime/session.ts";

/** What to watch of one value. */
export interface Watch {
  readonly value: string;
  /** It cannot be negative, so only its maximum is looked for. */
  readonly nonNegative?: boolean;
  /** It is [N, C, ...space]. Such values are reduced by global pooling, which needs no plain layout. */
  readonly spatial?: boolean;
  /** Collect the distribution of a sample of its elements. */
  readonly histogram?: boolean;
  /** Collect the mean of each channel (axis 1). */
  readonly channelMeans?: boolean;
}

export interface Activation {
  readonly low: number;
  readonly high: number;
  readonly histogram?: Histogram;
  readonly channelMeans?: Float32Array;
}

export interface ActivationOptions {
  readonly batch: number;
  readonly session: SessionOptions;
  readonly host: Host;
  readonly signal?: AbortSignal;
  readonly emit?: Emit;
  /** Elements of each value that go into its histogram, spread evenly over samples and positions; default 2¹⁷. */
  readonly sampled?: number;
}

/**
 * Runs a model over a stream and gives the range, and on demand the distribution and channel means, of
 * inner values. Extremes and means are reduced inside the graph, so what leaves it is a few numbers per
 * batch and memory does not grow with the number of samples.
 * @param model constants in memory, one input
 * @throws numeric naming the constant that holds NaN, or the value where NaN or an infinity appears; invalid-data for an empty stream
 */
export async function observeActivations(
  model: Model,
  watches: readonly Watch[],
  { stream, ...options }: ActivationOptions & { readonly stream: SampleStream },
): Promise<ReadonlyMap<string, Activation>> {
  if (stream.count === 0) throw new LatheError("invalid-data", "There are no samples to observe activations on.");
  refuseNan(model, "Calibration cannot start");
  const probes = watchGraph(model, watches, perSample(options.sampled ?? 2 ** 17, stream.count));
  const session = await openSession(probes.model, options.session, options.host);
  const results = model.graph.outputs.map((v) => v.name);
  // The runtime's minimum and maximum pass over NaN. The results do not, and then a second look finds where it began; on
  // processors whose ReLU makes NaN zero they do as well, so samples are looked at themselves.
  const check = async (outputs: Record<string, NdArray>, feeds: Record<string, NdArray>): Promise<void> => {
    const arrays = [...Object.values(feeds), ...results.map((name) => outputs[name])];
    if (arrays.some(holdsNan)) await blameNan(model, watches, { feeds, ...options });
  };
  try {
    return await collect(session, probes.outputs, { stream, check, ...options });
  } finally {
    await session.close();
  }
}

const perSample = (wanted: number, samples: number): number =>
  Math.min(4096, Math.max(64, Math.ceil(wanted / samples)));

interface Probe {
  readonly watch: Watch;
  readonly high: string;
  readonly low?: string;
  /** Elements for the histogram, `keep` per sample. */
  readonly sample?: string;
  readonly keep: number;
  readonly means?: string;
}

interface Tally {
  low: number;
  high: number;
  readonly histogram: Histogram | undefined;
  means: Float64Array | undefined;
}

interface Collection extends ActivationOptions {
  readonly stream: SampleStream;
  readonly check: (outputs: Record<string, NdArray>, feeds: Record<string, NdArray>) => Promise<void>;
}

async function collect(
  session: Session,
  probes: readonly Probe[],
  options: Collection,
): Promise<ReadonlyMap<string, Activation>> {
  const { stream, signal, emit } = options;
  const input = session.inputs[0];
  if (input === undefined || session.inputs.length !== 1) {
    throw new LatheError("unsupported", `Calibration feeds one input; this model has "${session.inputs.length}".`);
  }
  const fixed = typeof input.dims[0] === "number" ? input.dims[0] : undefined;
  const tallies = probes.map<Tally>(({ watch }) => ({
    low: 0,
    high: -Infinity,
    histogram: watch.histogram === true ? new Histogram() : undefined,
    means: undefined,
  }));
  let done = 0;
  let held: { readonly count: number; readonly outputs: Record<string, NdArray> } | undefined;
  for await (const batch of stream.batches(fixed ?? options.batch, signal, true)) {
    throwIfCancelled(signal);
    const count = batch.indices.length;
    if (fixed !== undefined && count !== fixed) continue;
    const feeds = { [input.name]: batch.input };
    // Written where the last batch's were, or garbage would grow with the number of samples.
    const reused =
      held?.count === count ? await session.run(feeds, undefined, held.outputs).catch(() => undefined) : undefined;
    // Shapes that depend on the data do not fit.
    const outputs = reused ?? (await session.run(feeds));
    held = { count, outputs };
    await options.check(outputs, feeds);
    probes.forEach((probe, i) => tallyUp(tallies[i]!, probe, { outputs, count }));
    done += count;
    emit?.({ kind: "progress", done, total: stream.count, unit: "samples" });
  }
  if (done === 0) {
    throw new LatheError(
      "invalid-data",
      `The model takes batches of "${fixed ?? 1}" and there are only ${stream.count} samples.`,
    );
  }
  return new Map(probes.map(({ watch }, i) => [watch.value, finish(tallies[i]!, done)] as const));
}

function tallyUp(
  tally: Tally,
  probe: Probe,
  { outputs, count }: { outputs: Record<string, NdArray>; count: number },
): void {
  const high = scalar(outputs[probe.high]);
  const low = probe.low === undefined ? Math.min(0, high) : scalar(outputs[probe.low]);
  const bad = [high, low].find((found) => !Number.isFinite(found));
  if (bad !== undefined) throw notFinite(probe.watch.value, bad);
  tally.high = Math.max(tally.high, high);
  tally.low = Math.min(tally.low, low);
  const sample = outputs[probe.sample ?? ""];
  if (sample !== undefined) tally.histogram?.add(thin(toFloat32(sample), probe.keep * count));
  const means = outputs[probe.means ?? ""];
  if (means === undefined) return;
  const batch = toFloat32(means);
  tally.means ??= new Float64Array(batch.length);
  for (let c = 0; c < batch.length; c++) tally.means[c] = tally.means[c]! + batch[c]! * count;
}

function notFinite(value: string, found: number): LatheError {
  return new LatheError("numeric", `The value "${value}" became "${found}" during calibration.`, {
    hint: "Check the model and the preprocessing; a model that overflows cannot be calibrated.",
  });
}

function holdsNan(array: NdArray | undefined): boolean {
  const { data } = array ?? {};
  if (!(data instanceof Float32Array)) return false;
  // NaN survives the sum, and is looked for only where that may be infinity less infinity.
  let sum = 0;
  for (const x of data) sum += x;
  return Number.isNaN(sum) && data.some(Number.isNaN);
}

/** Runs one batch again and names the first watched value, in the order of the graph, that holds NaN. */
async function blameNan(
  model: Model,
  watches: readonly Watch[],
  { feeds, session: options, host }: ActivationOptions & { readonly feeds: Record<string, NdArray> },
): Promise<never> {
  const watched = new Set(watches.map((w) => w.value));
  const input = Object.keys(feeds).find((name) => watched.has(name) && holdsNan(feeds[name]));
  if (input !== undefined) throw notFinite(input, NaN);
  const made = model.graph.nodes.flatMap((n) => n.outputs).filter((o) => watched.has(o));
  const fresh = freshNames(model.graph);
  const sums = made.map((o) => node("ReduceSum", [[o], [fresh(`${o}/sum`)]], { attributes: { keepdims: 0 } }));
  const outputs = sums.map((n) => value(n.outputs[0]!, "float32"));
  if (made.length === 0) throw notFinite(model.graph.outputs[0]?.name ?? "", NaN);
  const graph: Graph = { ...model.graph, nodes: [...model.graph.nodes, ...sums], outputs };
  const session = await openSession(Object.freeze({ ...model, graph: removeDeadNodes(graph) }), options, host);
  try {
    const found = await session.run(feeds);
    const first = made.find((_, i) => Number.isNaN(scalar(found[outputs[i]!.name])));
    throw notFinite(first ?? model.graph.outputs[0]?.name ?? "", NaN);
  } finally {
    await session.close();
  }
}

function finish(tally: Tally, samples: number): Activation {
  return {
    low: tally.low,
    high: tally.high,
    ...(tally.histogram !== undefined && { histogram: tally.histogram }),
    ...(tally.means !== undefined && { channelMeans: Float32Array.from(tally.means, (sum) => sum / samples) }),
  };
}

/** At most about `keep` elements, an odd step apart. Leaves what the graph has already thinned. */
function thin(values: Float32Array, keep: number): Float32Array {
  const quotient = Math.floor(values.length / keep);
  if (quotient < 2) return values;
  const step = quotient | 1;
  return Float32Array.from({ length: Math.ceil(values.length / step) }, (_, i) => values[i * step]!);
}

const scalar = (array: NdArray | undefined): number => Number(array?.data[0] ?? NaN);

/** The model with nothing but the watched statistics as outputs. */
function watchGraph(
  model: Model,
  watches: readonly Watch[],
  sampled: number,
): { model: Model; outputs: readonly Probe[] } {
  const fresh = freshNames(model.graph);
  const nodes: Node[] = [];
  const constants: Tensor[] = [];
  const outputs: Value[] = [];
  const version = model.opsets[""] ?? 0;
  const reducesByInput = version >= 18;
  const add = (made: Node): string => {
    nodes.push(made);
    return made.outputs[0]!;
  };
  const constant = (wish: string, numbers: readonly number[]): string => {
    const made = intTensor(fresh(wish), [numbers.length], numbers);
    constants.push(made);
    return made.name;
  };
  const show = (name: string): string => {
    if (!model.graph.outputs.some((o) => o.name === name)) outputs.push(value(name, "float32"));
    return name;
  };
  // An input that is an output as well stays as it was when results are written into earlier arrays.
  const isInput = (name: string): boolean => model.graph.inputs.some((v) => v.name === name);
  const copy = (name: string): string => add(node("Identity", [[name], [fresh(`${name}/copy`)]]));
  const [flat, perChannel, zero, axis, wanted, one, two] = [[-1], [0, 0, -1], [0], [0], [sampled], [1], [2]].map(
    (n, i) => constant(`watch_${i}`, n),
  ) as [string, string, string, string, string, string, string];
  const channelAxes = constant("watch_axes", [0, 2]);
  const end = constant("watch_end", [Number.MAX_SAFE_INTEGER]);

  const probes = watches.map((watch): Probe => {
    const name = (what: string): string => fresh(`${watch.value}/${what}`);
    const pooled = (op: string): string =>
      watch.spatial === true ? add(node(op, [[watch.value], [name(op)]])) : watch.value;
    const reduced = (op: string, from: string): string =>
      show(add(node(op, [[from], [name(op)]], { attributes: { keepdims: 0 } })));
    const high = reduced("ReduceMax", pooled("GlobalMaxPool"));
    const low = watch.nonNegative === true ? undefined : reduced("ReduceMin", watch.value);
    let sample: string | undefined;
    // Older operator sets cannot compute the step, so the whole value comes out and is thinned here.
    if (watch.histogram === true && version < 13) sample = show(isInput(watch.value) ? copy(watch.value) : watch.value);
    else if (watch.histogram === true) {
      // Every step-th element, with step = elements per sample / wanted, made odd: sizes of images and channel
      // counts are mostly even, and an even step would see the same few columns of every row.
      const count = add(node("Size", [[watch.value], [name("size")]]));
      const rows = add(
        node("Slice", [[add(node("Shape", [[watch.value], [name("shape")]])), zero, one], [name("rows")]]),
      );
      const budget = add(node("Mul", [[rows, wanted], [name("budget")]]));
      const quotient = add(node("Div", [[count, budget], [name("quotient")]]));
      const half = add(node("Div", [[quotient, two], [name("half")]]));
      const even = add(node("Mul", [[half, two], [name("even")]]));
      const step = add(node("Add", [[even, one], [name("step")]]));
      const line = add(node("Reshape", [[watch.value, flat], [name("flat")]]));
      sample = show(add(node("Slice", [[line, zero, end, axis, step], [name("sample")]])));
    }
    let means: string | undefined;
    if (watch.channelMeans === true) {
      const grouped = add(node("Reshape", [[watch.value, perChannel], [name("channels")]]));
      means = reducesByInput
        ? add(node("ReduceMean", [[grouped, channelAxes], [name("means")]], { attributes: { keepdims: 0 } }))
        : add(node("ReduceMean", [[grouped], [name("means")]], { attributes: { axes: [0, 2], keepdims: 0 } }));
      show(means);
    }
    return {
      watch,
      high,
      keep: sampled,
      ...(low !== undefined && { low }),
      ...(sample !== undefined && { sample }),
      ...(means !== undefined && { means }),
    };
  });
  const graph: Graph = {
    ...model.graph,
    nodes: [...model.graph.nodes, ...nodes],
    initializers: [...model.graph.initializers, ...constants],
    outputs: [...model.graph.outputs, ...outputs],
  };
  return { model: Object.freeze({ ...model, graph: removeDeadNodes(graph) }), outputs: probes };
}
