/** A figure of a variant, with its interval where chance has a part in it. */
export interface Figure {
  readonly value?: number | undefined;
  readonly interval?: readonly [number, number] | undefined;
}

/** A variant, and what its accuracy is over the baseline's, with the range that chance allows. */
export interface BesideBaseline {
  readonly isBaseline: boolean;
  readonly difference: { readonly interval: { readonly low: number; readonly high: number } } | undefined;
}

/** What a mark in a column means. */
export const MARKED = "Marked: the best of a column, and what only chance may have put behind it.";

/** Whether two variants differ in a figure by more than chance explains. */
type Apart = (a: number, b: number) => boolean;

/**
 * Which figures of a column are the best, with those that chance alone may have put behind it. None where there is nothing
 * to choose: fewer than two figures, or all alike.
 * @param figures one for each variant
 * @param isApart of two of them by their place; default: their intervals do not meet, or without intervals they differ
 */
export function bestOf(
  figures: readonly Figure[],
  goal: "least" | "most",
  isApart: Apart = (a, b) => doNotMeet(figures[a]!, figures[b]!),
): readonly boolean[] {
  const known = figures.flatMap(({ value }, place) => (value === undefined ? [] : [{ value, place }]));
  const [first, ...others] = known.toSorted((a, b) => (goal === "most" ? b.value - a.value : a.value - b.value));
  const behind = others.filter(({ place }) => isApart(first!.place, place));
  if (first === undefined || behind.length === 0) return figures.map(() => false);
  const worse = new Set(behind.map(({ place }) => place));
  return figures.map(({ value }, place) => value !== undefined && !worse.has(place));
}

/**
 * Whether two variants differ in accuracy: sample by sample where one of them is the baseline, as they were compared with
 * that; else by their intervals, which tell less.
 */
export function accuracyApart(rows: readonly BesideBaseline[], figures: readonly Figure[]): Apart {
  return (a, b) => {
    const [one, other] = [rows[a]!, rows[b]!];
    const paired = one.isBaseline ? other.difference : other.isBaseline ? one.difference : undefined;
    if (paired === undefined) return doNotMeet(figures[a]!, figures[b]!);
    return paired.interval.low > 0 || paired.interval.high < 0;
  };
}

function doNotMeet(a: Figure, b: Figure): boolean {
  if (a.interval === undefined || b.interval === undefined) return a.value !== b.value;
  return a.interval[0] > b.interval[1] || b.interval[0] > a.interval[1];
}
