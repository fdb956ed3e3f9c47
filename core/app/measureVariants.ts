import { cpus } from "node:os";
import type { NdArray } from "../base/array.ts";
import { LatheError, toLatheError } from "../base/error.ts";
import type { Accuracy, Latency, Layer, Measurements, Memory, Size } from "../contract/measurement.ts";
import type { SplitName } from "../contract/dataset.ts";
import type { Variant } from "../contract/project.ts";
import type { Model } from "../graph/model.ts";
import { whyNotRunnable } from "../graph/runnable.ts";
import { compareWithBaseline, measureAccuracy, type Predictions } from "../measure/accuracy.ts";
import { countCosts } from "../measure/costs.ts";
import { profileLayers } from "../measure/layers.ts";
import { accuracyByProcessor } from "../measure/processorAccuracy.ts";
import { measureMemory } from "../measure/memory.ts";
import { findShapes } from "../measure/shapes.ts";
import { measureVariants as timeVariants } from "../measure/variants.ts";
import { loadTensors, readModel } from "../onnx/read.ts";
import { withSession } from "../runtime/session.ts";
import { isLost } from "../store/readVariant.ts";
import { storedBytes, withModelFile, withModelFiles } from "./modelFiles.ts";
import { readPredictions, storePredictions } from "./predictions.ts";
import { atPreparedSizes, openSizes } from "./preparedSizes.ts";
import { baselineOf, findData, type Project, type Work } from "./project.ts";
import { openData, type OpenedData } from "./projectData.ts";
import { checkUnseen } from "./unseen.ts";

export interface MeasureOptions extends Work {
  /** Data set by name or id; default: the newest. */
  readonly data?: string | undefined;
  readonly split?: SplitName;
  /** Threads for latency, memory and layer times. Default 1. */
  readonly threads?: number;
  /** Batch sizes to time; default 1. Those that a model's fixed input rules out are left out. */
  readonly batches?: readonly number[];
  /** Timed rounds and the seconds after which they stop; defaults 200 and 4. */
  readonly runs?: number;
  readonly seconds?: number;
  readonly seed?: number;
  /** Measure accuracy again even where it is known for the same data. */
  readonly again?: boolean;
  /** Leave out what the runtime cannot run, with a message, instead of failing. The baseline is always left out then. */
  readonly skipUnrunnable?: boolean;
}

/** Samples in a call while accuracy is measured. */
const ACCURACY_BATCH = 64;

/**
 * Measures variants and the baseline beside them: accuracy on the test split with what changed against the
 * baseline, latency in turns run by run, memory in a process of its own, size, MACs and time per layer.
 * Nothing is recorded unless all of it worked.
 * @returns the variants asked for, with their measurements
 */
export async function measureVariants(
  project: Project,
  asked: readonly Variant[],
  options: MeasureOptions,
): Promise<readonly Variant[]> {
  project.store.checkWritable();
  const measured = await takeMeasurements(project, asked, options);
  project.store.together(() => {
    for (const variant of measured) project.store.updateVariant(variant);
  });
  return asked.map((v) => measured.find((m) => m.id === v.id) ?? v);
}

/**
 * Measures as `measureVariants` does and records nothing but the predictions among the artefacts.
 * @returns those that could be measured, the baseline among them
 */
export async function takeMeasurements(
  project: Project,
  asked: readonly Variant[],
  options: MeasureOptions,
): Promise<readonly Variant[]> {
  const baseline = baselineOf(project);
  // The baseline's predictions are needed first.
  const all = [baseline, ...asked.filter((v) => v.id !== baseline.id)];
  const ordered: Variant[] = [];
  for (const variant of all) {
    const reason = isLost(variant)
      ? (variant.damage ?? "")
      : await withModelFile(project, variant, async (path) => whyNotRunnable(await readModel(path, project.host)));
    if (reason === undefined) ordered.push(variant);
    else
      refuse(variant, {
        reason,
        isSkipped: options.skipUnrunnable === true || !asked.some((v) => v.id === variant.id),
        options,
      });
  }
  if (ordered.length === 0) return [];
  const stored = findData(project, options.data);
  const data = stored === undefined ? undefined : await openData(project, stored, options);
  try {
    if (data?.dataset.labels !== undefined) {
      for (const variant of ordered) await checkUnseen(project, variant, { data, split: options.split ?? "test" });
    }
    return await measureAll(project, { ordered, baseline, data, options });
  } finally {
    await data?.close();
  }
}

interface Plan {
  readonly ordered: readonly Variant[];
  readonly baseline: Variant;
  readonly data: OpenedData | undefined;
  readonly options: MeasureOptions;
}

async function measureAll(project: Project, { ordered, baseline, data, options }: Plan): Promise<readonly Variant[]> {
  const { emit } = options;
  let reference: (Predictions & { readonly variant: string }) | undefined;
  const found = new Map<string, Pick<Measurements, "accuracy" | "memory" | "size" | "layers">>();
  for (const variant of ordered) {
    const inspect = async (path: string): Promise<Pick<Measurements, "accuracy" | "memory" | "size" | "layers">> => {
      const model = await loadTensors(await readModel(path, project.host), project.host);
      emit({ kind: "stage", name: `${variant.name}: accuracy` });
      const accuracy = data && (await accuracyOf(project, { variant, path, model, data, reference, options }));
      if (variant.id === baseline.id && accuracy !== undefined) {
        const predictions = await readPredictions(project, accuracy);
        reference = predictions && { ...predictions, variant: variant.id };
      }
      emit({ kind: "stage", name: `${variant.name}: memory` });
      const memory = await memoryOf(path, options, openSizes(model, data?.data.preprocessing));
      emit({ kind: "stage", name: `${variant.name}: layers` });
      const { size, layers } = await costsOf(project, {
        model: atPreparedSizes(model, data?.data.preprocessing),
        variant,
        options,
      });
      return { ...(accuracy && { accuracy }), memory, size, layers };
    };
    const inspected = await withModelFile(project, variant, (path) =>
      naming(new Map([[path, variant.name]]), () => inspect(path)),
    );
    found.set(variant.id, inspected);
  }
  const latency = await latencyOf(project, { ordered, baseline, data, options });
  const at = project.host.clock.now();
  const machine = cpus()[0]?.model.trim() ?? "unknown";
  return ordered.map((variant) => ({
    ...variant,
    measurements: {
      at,
      machine,
      layers: [],
      ...found.get(variant.id),
      latency: mergeLatency(variant.measurements, latency.get(variant.id) ?? [], machine),
    },
  }));
}

/** New latencies, and older ones of this machine at batch sizes that were not measured now. */
function mergeLatency(before: Measurements | null, now: readonly Latency[], machine: string): Latency[] {
  const old = before?.machine === machine ? before.latency : [];
  const kept = old.filter((o) => !now.some((n) => n.batch === o.batch && n.threads === o.threads));
  return [...kept, ...now].toSorted((a, b) => a.batch - b.batch);
}

interface Refusal {
  readonly reason: string;
  readonly isSkipped: boolean;
  readonly options: MeasureOptions;
}

function refuse(variant: Variant, { reason, isSkipped, options }: Refusal): void {
  const text = `"${variant.name}" cannot be measured: ${reason}`;
  if (!isSkipped) {
    throw new LatheError("not-runnable", text, { hint: "It can still be shown and compared with diff." });
  }
  options.emit({ kind: "message", level: "warning", text });
}

/** Errors of the runtime name the file that it was given; people know the variant. */
async function naming<T>(paths: ReadonlyMap<string, string>, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const { code, message, details, hint } = toLatheError(thrown);
    let text = message;
    for (const [path, name] of paths) text = text.replaceAll(path, name);
    throw new LatheError(code, text, { details, ...(hint !== undefined && { hint }), cause: thrown });
  }
}

interface AccuracyTask {
  readonly variant: Variant;
  readonly path: string;
  /** What stands there, constants in memory. */
  readonly model: Model;
  readonly data: OpenedData;
  readonly reference: (Predictions & { readonly variant: string }) | undefined;
  readonly options: MeasureOptions;
}

async function accuracyOf(project: Project, task: AccuracyTask): Promise<Accuracy | undefined> {
  const { variant, path, model, data, reference, options } = task;
  const split = options.split ?? "test";
  const { host } = project;
  if (data.dataset.labels === undefined) return undefined;
  const known = variant.measurements?.accuracy;
  if (options.again !== true && known?.data === data.evaluation(split) && known.split === split) {
    const own = await readPredictions(project, known);
    if (own !== undefined)
      return reference === undefined ? known : { ...known, against: compareWithBaseline(reference, own) };
  }
  const session = { threads: availableThreads(), host };
  const how = { split, batch: ACCURACY_BATCH, signal: options.signal, emit: options.emit };
  const measured = await withSession({ path }, session, (opened) => measureAccuracy(opened, data.stream(split), how));
  const elsewhere = { stream: data.stream(split), own: measured };
  const processors = await accuracyByProcessor(model, elsewhere, { ...how, session, host });
  return {
    ...measured.accuracy,
    ...(processors && { processors }),
    ...(reference && { against: compareWithBaseline(reference, measured) }),
    data: data.evaluation(split),
    predictions: await storePredictions(project, measured),
  };
}

function availableThreads(): number {
  return Math.max(1, Math.min(8, cpus().length));
}

function memoryOf(
  path: string,
  { threads = 1, seed = 0, signal }: MeasureOptions,
  sizes: Readonly<Record<string, number>>,
): Promise<Memory> {
  return measureMemory(path, { session: { threads }, batch: 1, seed, sizes, signal });
}

interface CostTask {
  readonly model: Model;
  readonly variant: Variant;
  readonly options: MeasureOptions;
}

async function costsOf(
  { host }: Project,
  { model, variant, options }: CostTask,
): Promise<{ readonly size: Size; readonly layers: Layer[] }> {
  const { threads = 1, seed = 0, signal } = options;
  const shapes = await findShapes(model, { host, signal });
  const { times } = await profileLayers(model, { session: { threads }, batch: 1, seed, shapes, host, signal });
  const { layers, macs, parameters, weights } = countCosts(model, shapes, times);
  return { size: { file: storedBytes(variant), macs, parameters, weights }, layers: [...layers] };
}

/** Times all variants in turns, at each batch size. Each gets the baseline of the same session beside its own. */
async function latencyOf(
  project: Project,
  { ordered, baseline, data, options }: Plan,
): Promise<ReadonlyMap<string, Latency[]>> {
  const { threads = 1, batches = [1], runs = 200, seconds = 4, seed = 0, signal, emit } = options;
  const found = new Map<string, Latency[]>(ordered.map((v) => [v.id, []]));
  await withModelFiles(project, ordered, async (paths) => {
    for (const batch of batches) {
      emit({ kind: "stage", name: `Latency of ${ordered.length} variants in turns, batch ${batch}` });
      const files = [...paths].map(([id, path]) => ({ id, path }));
      const sample = await firstBatch(data, batch, signal);
      const names = new Map(ordered.map((v) => [paths.get(v.id) ?? "", v.name]));
      const timing = {
        files,
        session: { threads },
        batch,
        warmup: 20,
        runs,
        seconds,
        seed,
        signal,
        ...(sample && { feeds: { input: sample } }),
      };
      const timed = await naming(names, () => timeVariants(timing));
      const base = timed[baseline.id];
      for (const { id } of ordered) {
        const own = timed[id];
        if (own === undefined) continue;
        const reference =
          base === undefined || id === baseline.id
            ? undefined
            : { variant: baseline.id, median: base.median, medianInterval: base.medianInterval };
        found.get(id)?.push({ ...own, ...(reference && { reference }) });
      }
    }
  });
  return found;
}

/** Real samples where the project has any: time can depend on the values. */
async function firstBatch(
  data: OpenedData | undefined,
  size: number,
  signal: AbortSignal,
): Promise<NdArray | undefined> {
  if (data === undefined) return undefined;
  const stream = data.stream("train", 0);
  if (stream.count < size) return undefined;
  for await (const batch of stream.batches(size, signal)) return batch.input;
  return undefined;
}
