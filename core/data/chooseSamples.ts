import type { SampleFilter, SampleOrder } from "../contract/samples.ts";
import type { Splits } from "./splits.ts";

/** Splits as they stand in `SampleColumns.part`. */
export const PARTS = ["train", "validation", "test"] as const;

/** What is known of each sample, one array per fact. */
export interface SampleColumns {
  readonly count: number;
  /** Class, where there are labels. */
  readonly labels: Int32Array | undefined;
  /** Place in `PARTS`; 255 for samples that no split has. */
  readonly part: Uint8Array;
  /** 1 for samples that calibrate. */
  readonly calibrates: Uint8Array;
  name(index: number): string;
  /** Place of each sample in the order of names. */
  byName(): Int32Array;
}

/** What a variant said of each sample; −1 and NaN where it was not asked. */
export interface PredictionColumns {
  readonly predicted: Int32Array;
  readonly confidence: Float32Array;
}

export interface Chooser {
  readonly filter: Omit<SampleFilter, "variant">;
  readonly order: SampleOrder;
  readonly predictions: PredictionColumns | undefined;
  readonly baseline: PredictionColumns | undefined;
}

/** Puts the splits' lists of samples the other way round: sample by sample. */
export function partsOf(count: number, splits: Splits): Pick<SampleColumns, "part" | "calibrates"> {
  const part = new Uint8Array(count).fill(255);
  PARTS.forEach((name, p) => {
    for (const index of splits[name]) part[index] = p;
  });
  const calibrates = new Uint8Array(count);
  for (const index of splits.calibration) calibrates[index] = 1;
  return { part, calibrates };
}

/**
 * Numbers of the samples that a filter lets through, in order; equal ones by number. What asks for predictions lets no
 * sample through of which there is none.
 */
export function chooseSamples(columns: SampleColumns, { filter, order, predictions, baseline }: Chooser): Int32Array {
  const { labels, part, calibrates } = columns;
  const { split, outcome, confidence, disagrees } = filter;
  const classes = filter.classes && new Set(filter.classes);
  const search = filter.search === undefined || filter.search === "" ? undefined : filter.search.toLowerCase();
  const wanted = split === undefined || split === "calibration" ? -1 : PARTS.indexOf(split);
  const asks = outcome !== undefined || confidence !== undefined || disagrees === true;
  const fits = (i: number): boolean => {
    if (wanted >= 0 && part[i] !== wanted) return false;
    if (split === "calibration" && calibrates[i] !== 1) return false;
    if (classes !== undefined && !classes.has(labels?.[i] ?? -1)) return false;
    if (asks) {
      const said = predictions?.predicted[i] ?? -1;
      if (said < 0) return false;
      if (outcome !== undefined && (labels === undefined || (said === labels[i]) !== (outcome === "right")))
        return false;
      const sure = predictions?.confidence[i] ?? Number.NaN;
      if (confidence !== undefined && !(sure >= confidence.low && sure <= confidence.high)) return false;
      const other = baseline?.predicted[i] ?? -1;
      if (disagrees === true && (other < 0 || other === said)) return false;
    }
    return search === undefined || columns.name(i).toLowerCase().includes(search);
  };
  const chosen = new Int32Array(columns.count);
  let n = 0;
  for (let i = 0; i < columns.count; i++) if (fits(i)) chosen[n++] = i;
  return inOrder(chosen.subarray(0, n), columns, { order, predictions });
}

function inOrder(
  chosen: Int32Array,
  columns: SampleColumns,
  { order: { by, isDown }, predictions }: Pick<Chooser, "order" | "predictions">,
): Int32Array {
  if (by === "number") return isDown ? chosen.toReversed() : chosen;
  const keys: Readonly<Record<Exclude<SampleOrder["by"], "number">, () => ArrayLike<number> | undefined>> = {
    name: () => columns.byName(),
    class: () => columns.labels,
    prediction: () => predictions?.predicted,
    confidence: () => predictions?.confidence,
  };
  const key = keys[by]();
  if (key === undefined) return chosen;
  // What is not known comes last either way.
  const last = isDown ? -Infinity : Infinity;
  const value = Float64Array.from(chosen, (i) => {
    const known = key[i]!;
    return known < 0 || Number.isNaN(known) ? last : known;
  });
  const places = Int32Array.from(chosen, (_, p) => p);
  places.sort((a, b) => (isDown ? value[b]! - value[a]! : value[a]! - value[b]!) || a - b);
  return places.map((p) => chosen[p]!);
}

/** The place of each name in their order, by code units. */
export function placesOf(count: number, name: (index: number) => string): Int32Array {
  const names = Array.from({ length: count }, (_, i) => name(i));
  const sorted = Int32Array.from(names.keys()).sort((a, b) => {
    const [x, y] = [names[a]!, names[b]!];
    return x < y ? -1 : x > y ? 1 : a - b;
  });
  const places = new Int32Array(count);
  sorted.forEach((index, place) => (places[index] = place));
  return places;
}
