import type { Score } from "./objectives.ts";

type Costs = readonly number[];

/** Whether a is nowhere worse than b and somewhere better. Costs are to be made small. */
export function dominates(a: Costs, b: Costs): boolean {
  let isBetter = false;
  for (let i = 0; i < a.length; i++) {
    if (a[i]! > b[i]!) return false;
    if (a[i]! < b[i]!) isBetter = true;
  }
  return isBetter;
}

/** As `dominates`, where any feasible point beats any other, and of two others the one that misses by less (Deb et al. 2002, section VI). */
export function constrainedDominates(a: Score, b: Score): boolean {
  if (a.violation !== b.violation && (a.violation > 0 || b.violation > 0)) return a.violation < b.violation;
  return dominates(a.costs, b.costs);
}

/**
 * Positions of the points that no other dominates, by their first cost; of equal points the first. Sorting first makes it
 * n·log n for two costs, and n times the front's size for more.
 */
export function paretoFront(points: readonly Costs[]): readonly number[] {
  const order = points
    .map((_, i) => i)
    .filter((i) => points[i]!.every((c) => Number.isFinite(c)))
    .toSorted((a, b) => compare(points[a]!, points[b]!) || a - b);
  const front: number[] = [];
  let least = Infinity;
  for (const i of order) {
    const point = points[i]!;
    if (point.length === 2) {
      // What came before is no worse in the first cost.
      if (point[1]! >= least) continue;
      least = point[1]!;
    } else if (front.some((f) => points[f]!.every((c, k) => c <= point[k]!))) continue;
    front.push(i);
  }
  return front;
}

function compare(a: Costs, b: Costs): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}

/** Fronts one behind the other, as positions: the first is dominated by none (fast non-dominated sort, Deb et al. 2002). */
export function sortIntoFronts(scores: readonly Score[]): readonly (readonly number[])[] {
  const beats: number[][] = scores.map(() => []);
  const beatenBy = scores.map(() => 0);
  for (let a = 0; a < scores.length; a++) {
    for (let b = a + 1; b < scores.length; b++) {
      if (constrainedDominates(scores[a]!, scores[b]!)) {
        beats[a]!.push(b);
        beatenBy[b]!++;
      } else if (constrainedDominates(scores[b]!, scores[a]!)) {
        beats[b]!.push(a);
        beatenBy[a]!++;
      }
    }
  }
  const fronts: number[][] = [];
  let front = beatenBy.flatMap((n, i) => (n === 0 ? [i] : []));
  while (front.length > 0) {
    fronts.push(front);
    const next: number[] = [];
    for (const a of front) for (const b of beats[a]!) if ((beatenBy[b] = beatenBy[b]! - 1) === 0) next.push(b);
    front = next.toSorted((a, b) => a - b);
  }
  return fronts;
}

/**
 * How alone each point stands: for every cost the distance between its neighbours as a share of the front's range;
 * Infinity at the ends (crowding distance, Deb et al. 2002).
 */
export function crowdingOf(points: readonly Costs[]): readonly number[] {
  const distance = points.map(() => 0);
  for (let k = 0; k < (points[0]?.length ?? 0); k++) {
    const order = points.map((_, i) => i).toSorted((a, b) => points[a]![k]! - points[b]![k]! || a - b);
    const range = points[order.at(-1)!]![k]! - points[order[0]!]![k]!;
    distance[order[0]!] = Infinity;
    distance[order.at(-1)!] = Infinity;
    if (!(range > 0) || !Number.isFinite(range)) continue;
    for (let i = 1; i < order.length - 1; i++) {
      distance[order[i]!]! += (points[order[i + 1]!]![k]! - points[order[i - 1]!]![k]!) / range;
    }
  }
  return distance;
}

/** Rank (0 is the first front) and crowding of each of some scores. */
export function standingOf(scores: readonly Score[]): readonly { readonly rank: number; readonly crowding: number }[] {
  const standing = scores.map(() => ({ rank: 0, crowding: 0 }));
  for (const [rank, front] of sortIntoFronts(scores).entries()) {
    const crowding = crowdingOf(front.map((i) => scores[i]!.costs));
    for (const [k, i] of front.entries()) standing[i] = { rank, crowding: crowding[k]! };
  }
  return standing;
}
