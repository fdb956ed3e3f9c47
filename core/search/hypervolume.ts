import { LatheError } from "../base/error.ts";
import { paretoFront } from "./pareto.ts";

type Costs = readonly number[];

/**
 * Volume of what some points dominate up to a reference point, exact (Zitzler & Thiele 1999), by slicing along the last
 * cost; two costs are a sweep. Costs are to be made small; points that do not dominate the reference count for nothing.
 * @throws invalid-argument where a point has another number of costs than the reference
 */
export function hypervolume(points: readonly Costs[], reference: Costs): number {
  const wrong = points.find((p) => p.length !== reference.length);
  if (wrong !== undefined) {
    throw new LatheError("invalid-argument", `A point has "${wrong.length}" costs, the reference ${reference.length}.`);
  }
  const inside = points.filter((p) => p.every((c, k) => c < reference[k]!));
  return volume(
    paretoFront(inside).map((i) => inside[i]!),
    reference,
  );
}

function volume(front: readonly Costs[], reference: Costs): number {
  const last = reference.length - 1;
  if (front.length === 0) return 0;
  if (last === 0) return reference[0]! - Math.min(...front.map((p) => p[0]!));
  if (last === 1) return area(front, reference);
  const sorted = front.toSorted((a, b) => a[last]! - b[last]!);
  const rest = reference.slice(0, last);
  let sum = 0;
  for (let i = 0; i < sorted.length; i++) {
    const depth = (sorted[i + 1]?.[last] ?? reference[last]!) - sorted[i]![last]!;
    if (depth <= 0) continue;
    const slice = sorted.slice(0, i + 1).map((p) => p.slice(0, last));
    const kept = paretoFront(slice).map((k) => slice[k]!);
    sum += depth * volume(kept, rest);
  }
  return sum;
}

/** By the first cost a front falls in the second. */
function area(front: readonly Costs[], [right = 0, top = 0]: Costs): number {
  const sorted = front.toSorted((a, b) => a[0]! - b[0]!);
  return sorted.reduce((sum, p, i) => sum + (right - p[0]!) * ((i === 0 ? top : sorted[i - 1]![1]!) - p[1]!), 0);
}

/** Hypervolume after each point. */
export function hypervolumeOverTime(points: readonly Costs[], reference: Costs): readonly number[] {
  let front: readonly Costs[] = [];
  let last = 0;
  return points.map((point) => {
    const isNew = point.every((c, k) => c < reference[k]!) && !front.some((f) => f.every((c, k) => c <= point[k]!));
    if (!isNew) return last;
    const all = [...front, point];
    front = paretoFront(all).map((i) => all[i]!);
    last = volume(front, reference);
    return last;
  });
}
