import { throwIfCancelled } from "../base/cancel.ts";
import { LatheError, toLatheError } from "../base/error.ts";
import type { SplitName } from "../contract/dataset.ts";
import type { ProjectData, Variant } from "../contract/project.ts";
import type {
  DataSummary,
  SampleDetail,
  SampleFilter,
  SampleOrder,
  SamplePage,
  SamplePreview,
  SampleView,
} from "../contract/samples.ts";
import {
  chooseSamples,
  PARTS,
  partsOf,
  placesOf,
  type PredictionColumns,
  type SampleColumns,
} from "../data/chooseSamples.ts";
import { contentsOf, type Contents } from "../data/contents.ts";
import { factsOf, previewSample } from "../data/previews.ts";
import { pickOf } from "../data/splits.ts";
import { describeTensor, stepsOf } from "../data/tensorFacts.ts";
import { findVariant, type Project, type Work } from "./project.ts";
import { countsOf, openData, type OpenedData } from "./projectData.ts";
import { previewCache } from "./previewCache.ts";
import { hasPredictions, knownPredictions, makePredictions } from "./samplePredictions.ts";

export interface SampleQuestion {
  readonly filter: SampleFilter;
  readonly order: SampleOrder;
}

/** A data set, open for looking at. */
export interface DataBrowser {
  readonly opened: OpenedData;
  readonly contents: Contents;
  summary(): Promise<DataSummary>;
  /** Some of the samples that fit a question, from a place in their order on. */
  page(question: SampleQuestion, range: { readonly offset: number; readonly limit: number }): Promise<SamplePage>;
  previews(samples: readonly number[], side: number, signal: AbortSignal): Promise<readonly SamplePreview[]>;
  detail(sample: number, variant: string | undefined): Promise<SampleDetail>;
  /** Has a variant, and the baseline beside it, look at the splits of which they have not said anything yet. */
  predict(asked: { readonly variant: string; readonly splits: readonly SplitName[] }, work: Work): Promise<number>;
  close(): Promise<void>;
}

/** Pixels of the picture beside the tensor. */
const LARGE = 512;
/** Samples decoded at a time. */
const LANES = 4;
/** Answers of the newest questions that are kept. */
const KEPT = 8;

/** Opens a data set of the project for looking at. @throws as `openData` */
export async function browseData(project: Project, stored: ProjectData, work: Work): Promise<DataBrowser> {
  const opened = await openData(project, stored, work);
  const { dataset, splits } = opened;
  const { labels, info } = dataset;
  let names: Int32Array | undefined;
  const columns: SampleColumns = {
    count: info.count,
    labels,
    ...partsOf(info.count, splits),
    name: (index) => dataset.name(index),
    byName: () => (names ??= placesOf(info.count, (index) => dataset.name(index))),
  };
  const chosen = new Map<string, Int32Array>();
  const said = new Map<string, SaidBy>();
  let number = 0;
  const cache = previewCache();
  const className = (label: number): string => info.classes?.[label] ?? `class ${label}`;
  const existing = PARTS.filter((split) => splits[split].length > 0);

  /** What a variant said of all splits that it was asked about, here or elsewhere. */
  const saidBy = async (variant: Variant): Promise<SaidBy> => {
    const key = JSON.stringify([variant.model.sha256, variant.external]);
    const found = said.get(key) ?? blank(info.count, number++);
    said.delete(key);
    said.set(key, found);
    trim(said);
    for (const split of existing) {
      if (found.splits.has(split)) continue;
      const known = await knownPredictions(project, { variant, data: opened, split });
      if (known !== undefined) found.add(split, known);
    }
    return found;
  };
  const both = async (asked: string | undefined): Promise<Both> => {
    if (asked === undefined) return { variant: undefined, baseline: undefined };
    const variant = findVariant(project, asked);
    const { baseline } = project.store.settings;
    const other = baseline === null || baseline === variant.id ? undefined : findVariant(project, baseline);
    return {
      variant: { variant, said: await saidBy(variant) },
      baseline: other && { variant: other, said: await saidBy(other) },
    };
  };
  const view = (sample: number, { variant, baseline }: Both): SampleView => {
    const label = labels?.[sample];
    const told = (by: Speaker | undefined): SampleView["predicted"] => {
      const predicted = by?.said.predicted[sample] ?? -1;
      if (by === undefined || predicted < 0) return undefined;
      const confidence = by.said.confidence[sample] ?? 0;
      return { class: className(predicted), confidence, ...(label !== undefined && { isRight: predicted === label }) };
    };
    const [own, other] = [told(variant), told(baseline)];
    const split = PARTS[columns.part[sample] ?? 255];
    return {
      sample,
      name: dataset.name(sample),
      ...(label !== undefined && { class: className(label) }),
      ...(split && { split }),
      calibrates: columns.calibrates[sample] === 1,
      ...(own && { predicted: own }),
      ...(other && { baseline: other }),
    };
  };
  /** Which splits a question is about. */
  const scope = (split: SplitName | undefined): readonly (typeof PARTS)[number][] => {
    if (split === undefined) return existing;
    return [split === "calibration" ? pickOf(opened.data.splits).from : split];
  };
  const check = (sample: number): void => {
    if (sample < info.count) return;
    throw new LatheError("invalid-argument", `"${opened.data.name}" has ${info.count} samples; none is "${sample}".`);
  };

  return {
    opened,
    contents: contentsOf(dataset),
    summary: async () => {
      const predicted: DataSummary["predicted"] = [];
      for (const variant of project.store.variants()) {
        const known: SplitName[] = [];
        for (const split of existing)
          if (await hasPredictions(project, { variant, data: opened, split })) known.push(split);
        if (known.length > 0) predicted.push({ variant: variant.id, splits: known });
      }
      const { data } = opened;
      const balance = balanceOf(columns, info.classes ?? []);
      const steps = stepsOf(data.preprocessing);
      return { data, counts: countsOf(splits), balance, calibration: pickOf(data.splits), steps, predicted };
    },
    page: async ({ filter, order }, { offset, limit }) => {
      const { variant: asked, ...rest } = filter;
      const speakers = await both(asked);
      const { variant, baseline } = speakers;
      const key = JSON.stringify([filter, order, variant?.said.id, baseline?.said.id]);
      const found =
        chosen.get(key) ??
        chooseSamples(columns, {
          filter: rest,
          order,
          predictions: variant?.said,
          baseline: baseline?.said,
        });
      chosen.delete(key);
      chosen.set(key, found);
      trim(chosen);
      const missing: SamplePage["missing"] = [];
      for (const by of [variant, baseline]) {
        if (by === undefined) continue;
        const lacking = scope(filter.split).filter((split) => !by.said.splits.has(split));
        const samples = lacking.reduce((sum, split) => sum + splits[split].length, 0);
        if (samples > 0) missing.push({ variant: by.variant.id, name: by.variant.name, splits: [...lacking], samples });
      }
      const samples = Array.from(found.subarray(offset, offset + limit), (sample) => view(sample, speakers));
      return { total: found.length, samples, missing };
    },
    previews: async (samples, side, signal) => {
      const made: SamplePreview[] = [];
      let next = 0;
      const lane = async (): Promise<void> => {
        while (next < samples.length) {
          throwIfCancelled(signal);
          const i = next++;
          const sample = samples[i]!;
          check(sample);
          made[i] = await cache.get(`${sample} ${side}`, () => previewSample(dataset, sample, side));
        }
      };
      await Promise.all(Array.from({ length: LANES }, lane));
      return made;
    },
    detail: async (sample, asked) => {
      check(sample);
      const shown = view(sample, await both(asked));
      const preview = await cache.get(`${sample} ${LARGE}`, () => previewSample(dataset, sample, LARGE));
      try {
        const raw = dataset.view?.(sample) ?? (await dataset.read(sample));
        const tensor = await describeTensor(raw, opened.data.preprocessing, shown.name);
        return { sample: shown, facts: factsOf(raw), preview, tensor };
      } catch (thrown) {
        return { sample: shown, facts: "", preview, reason: toLatheError(thrown).message };
      }
    },
    predict: async ({ variant: asked, splits: wanted }, work) => {
      const { variant, baseline } = await both(asked);
      let made = 0;
      for (const by of [variant, baseline]) {
        for (const split of new Set(wanted.flatMap(scope))) {
          if (by === undefined || by.said.splits.has(split)) continue;
          by.said.add(split, await makePredictions(project, { variant: by.variant, data: opened, split }, work));
          made += splits[split].length;
        }
      }
      return made;
    },
    close: () => opened.close(),
  };
}

/** Leaves the newest entries. */
function trim(kept: Map<string, unknown>): void {
  for (const old of [...kept.keys()].slice(0, -KEPT)) kept.delete(old);
}

/** What one model said, sample by sample. */
interface SaidBy extends PredictionColumns {
  /** Changes with each split that is added. */
  readonly id: string;
  readonly splits: ReadonlySet<(typeof PARTS)[number]>;
  add(split: (typeof PARTS)[number], made: Answers): void;
}

type Answers = Pick<
  NonNullable<Awaited<ReturnType<typeof knownPredictions>>>,
  "indices" | "predictions" | "confidence"
>;

interface Speaker {
  readonly variant: Variant;
  readonly said: SaidBy;
}

interface Both {
  readonly variant: Speaker | undefined;
  /** Absent where the variant is the baseline itself. */
  readonly baseline: Speaker | undefined;
}

/** @param number tells what this one said from what others did */
function blank(count: number, number: number): SaidBy {
  const predicted = new Int32Array(count).fill(-1);
  const confidence = new Float32Array(count).fill(Number.NaN);
  const splits = new Set<(typeof PARTS)[number]>();
  return {
    predicted,
    confidence,
    splits,
    get id() {
      return `${number} ${[...splits].join(" ")}`;
    },
    add: (split, { indices, predictions, confidence: sure }) => {
      indices.forEach((index, i) => {
        predicted[index] = predictions[i]!;
        confidence[index] = sure[i]!;
      });
      splits.add(split);
    },
  };
}

/** How many samples of each class each split has. Without labels, one line for all. */
function balanceOf(
  { count, labels, part, calibrates }: SampleColumns,
  classes: readonly string[],
): DataSummary["balance"] {
  const names = labels === undefined ? [""] : classes;
  const lines = names.map((name) => ({ class: name, counts: { train: 0, validation: 0, test: 0, calibration: 0 } }));
  for (let i = 0; i < count; i++) {
    const line = lines[labels?.[i] ?? 0];
    const split = PARTS[part[i]!];
    if (line === undefined || split === undefined) continue;
    line.counts[split] += 1;
    if (calibrates[i] === 1) line.counts.calibration += 1;
  }
  return lines;
}
