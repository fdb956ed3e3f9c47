import { basename, resolve } from "node:path";
import { canonicalJson } from "../base/json.ts";
import { hash } from "../base/hash.ts";
import { LatheError, toLatheError } from "../base/error.ts";
import type { CalibrationPick, SplitName, SplitPlan } from "../contract/dataset.ts";
import type { DataReading, ProjectData } from "../contract/project.ts";
import { sampleStream, type SampleStream } from "../data/batches.ts";
import type { Dataset } from "../data/dataset.ts";
import { openDataset } from "../data/open.ts";
import { checkDisjoint, DEFAULT_SPLIT_PLAN, planSplits, withPick, type Splits } from "../data/splits.ts";
import { choosePreparation } from "./choosePreparation.ts";
import { checkName, freeName, nextId, type Project, type Work } from "./project.ts";

export interface ImportDataOptions extends Work {
  readonly name?: string | undefined;
  /** A preset's name, or a file of JSON; default: see `choosePreparation`. */
  readonly preprocessing?: string | undefined;
  readonly splits?: Partial<SplitPlan>;
  readonly reading?: Partial<DataReading>;
}

export interface ImportedData {
  readonly data: ProjectData;
  /** Why the samples are prepared as they are. */
  readonly reasons: readonly string[];
  /** Samples in each split. */
  readonly counts: Readonly<Record<SplitName, number>>;
}

/**
 * Brings a data set into the project: it stays where it is, and the project keeps its fingerprint, one
 * preparation and one split, which every later use shares.
 * @throws not-found without a model or data; invalid-data, invalid-argument (empty splits), unsupported
 */
export async function importData(project: Project, path: string, options: ImportDataOptions): Promise<ImportedData> {
  const { store } = project;
  store.checkWritable();
  const name = options.name === undefined ? undefined : checkName(options.name);
  const location = resolve(path);
  const reading: DataReading = { unreadable: "stop", ...options.reading };
  options.emit({ kind: "stage", name: `Reading ${basename(location)}` });
  const dataset = await openDataset(location, { ...reading, signal: options.signal, progress: progressTo(options) });
  try {
    const plan = await choosePlan(dataset, options.splits ?? {});
    const splits = planSplits(dataset, plan);
    checkDisjoint(splits.calibration, splits.test);
    const { preprocessing, preparation } = await choosePreparation(project, dataset, {
      ...options,
      wish: options.preprocessing,
      reading,
      splits,
      seed: plan.seed,
    });
    const index = dataset.index === undefined ? undefined : await store.artifacts.putBytes(encode(dataset.index));
    const existing = store.data();
    const data: ProjectData = {
      id: nextId("d", existing),
      name: name ?? freeName(basename(location), existing),
      info: dataset.info,
      reading,
      preprocessing,
      preparation,
      splits: plan,
      ...(index && { index }),
    };
    // One batch shows at once whether the preparation fits the samples.
    for await (const _ of sampleStream(dataset, { indices: splits.train.subarray(0, 1), preprocessing }).batches(1))
      break;
    store.addData(data);
    return { data, reasons: preparation.reasons, counts: countsOf(splits) };
  } finally {
    await dataset.close();
  }
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function progressTo({ emit }: Work): (done: number, total: number) => void {
  return (done, total) => emit({ kind: "progress", done, total, unit: "files" });
}

export function countsOf(splits: Splits): Record<SplitName, number> {
  const { train, validation, test, calibration } = splits;
  return {
    train: train.length,
    validation: validation.length,
    test: test.length,
    calibration: calibration.length,
  };
}

/** Unless asked for, no more calibration samples than train has. */
async function choosePlan(dataset: Dataset, wish: Partial<SplitPlan>): Promise<SplitPlan> {
  const plan = { ...DEFAULT_SPLIT_PLAN, ...wish };
  if (wish.calibration !== undefined) return plan;
  const { train } = planSplits(dataset, { ...plan, calibration: 0 });
  return Promise.resolve({ ...plan, calibration: Math.min(plan.calibration, train.length) });
}

/** A data set of the project, opened. */
export interface OpenedData {
  readonly data: ProjectData;
  readonly dataset: Dataset;
  readonly splits: Splits;
  /** Fingerprint of samples, splits and preparation together. */
  readonly fingerprint: string;
  /** Fingerprint of one split's samples and the preparation; what calibrates plays no part in it. */
  evaluation(split: SplitName): string;
  stream(split: SplitName, workers?: number): SampleStream;
  close(): Promise<void>;
}

export interface OpenDataOptions extends Work {
  /** Calibrates on other samples than the project's plan says. */
  readonly calibration?: CalibrationPick | undefined;
}

/**
 * Opens a data set of the project and checks that it is still what was imported.
 * @throws not-found, integrity where samples have changed
 */
export async function openData(project: Project, stored: ProjectData, work: OpenDataOptions): Promise<OpenedData> {
  const { store } = project;
  const data = picked(stored, work.calibration);
  const index =
    data.index === undefined
      ? undefined
      : (JSON.parse(new TextDecoder().decode(await store.artifacts.read(data.index))) as NonNullable<Dataset["index"]>);
  const dataset = await openDataset(data.info.path, {
    ...data.reading,
    ...(index && { index }),
    signal: work.signal,
    progress: progressTo(work),
  }).catch((thrown: unknown) => {
    const { code, message } = toLatheError(thrown);
    if (code !== "not-found") throw thrown;
    throw new LatheError(code, message, {
      hint: "Put the files back, or import them from where they are now.",
      cause: thrown,
    });
  });
  try {
    if (dataset.info.fingerprint !== data.info.fingerprint) {
      throw new LatheError(
        "integrity",
        `Data set "${data.name}" has changed since it was imported: "${data.info.path}" had ${data.info.count} samples and has ${dataset.info.count}, or other content.`,
        { hint: "Restore the files, or import the changed data as a new data set." },
      );
    }
    const splits = planSplits(dataset, data.splits);
    checkDisjoint(splits.calibration, splits.test);
    return {
      data,
      dataset,
      splits,
      fingerprint: dataFingerprint(data, splits),
      evaluation: (split) => evaluationFingerprint(data, splits[split]),
      stream: (split, workers) =>
        sampleStream(dataset, {
          indices: splits[split],
          preprocessing: data.preprocessing,
          ...(workers !== undefined && { workers }),
        }),
      close: () => dataset.close(),
    };
  } catch (thrown) {
    await dataset.close();
    throw thrown;
  }
}

/** A data set's record with other samples to calibrate on. */
export function picked(data: ProjectData, calibration: CalibrationPick | undefined): ProjectData {
  return calibration === undefined ? data : { ...data, splits: withPick(data.splits, calibration) };
}

/** What identifies the samples that a model is scored on, and how they are prepared. */
function evaluationFingerprint({ info, preprocessing }: ProjectData, indices: Int32Array): string {
  const samples = hash(new Uint8Array(indices.buffer, indices.byteOffset, indices.byteLength));
  return hash(canonicalJson({ dataset: info.fingerprint, samples, preprocessing }));
}

/** What identifies samples, splits and preparation together. */
export function dataFingerprint(data: ProjectData, splits: Splits): string {
  const facts = { dataset: data.info.fingerprint, splits: splits.fingerprint, preprocessing: data.preprocessing };
  return hash(canonicalJson(facts));
}
