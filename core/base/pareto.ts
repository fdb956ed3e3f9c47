/** One point per row, all rows of the same length; every column is to be made small. */
export type Costs = readonly (readonly number[])[];

/**
 * Indices of the points that no other one is at least as good as in every column and better in one, in the order of
 * the first column, then of the next. Equal points are all kept; points with a NaN never are. O(n log n) for two
 * columns; for more, n times the size of the front in the worst case.
 */
export function nonDominated(costs: Costs): readonly number[] {
  const order = costs.flatMap((point, i) => (point.some(Number.isNaN) ? [] : [i]));
  order.sort((a, b) => compare(costs[a]!, costs[b]!) || a - b);
  const columns = costs[0]?.length ?? 0;
  return columns <= 2 ? sweep(costs, order) : collect(costs, order);
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let k = 0; k < a.length; k++) {
    const difference = a[k]! - b[k]!;
    if (difference !== 0 && !Number.isNaN(difference)) return difference;
  }
  return 0;
}

/** After sorting, a point of two columns is beaten exactly if an earlier one has no larger second column. */
function sweep(costs: Costs, order: readonly number[]): readonly number[] {
  const front: number[] = [];
  let last: readonly number[] | undefined;
  for (const i of order) {
    const point = costs[i]!;
    const isKept = last === undefined || (point[1] ?? 0) < (last[1] ?? 0) || compare(point, last) === 0;
    if (!isKept) continue;
    if (point.length < 2 && last !== undefined && compare(point, last) !== 0) break;
    front.push(i);
    last = point;
  }
  return front;
}

/** After sorting, only earlier points can beat a point, and those that are beaten need no look. */
function collect(costs: Costs, order: readonly number[]): readonly number[] {
  const front: number[] = [];
  for (const i of order) {
    const point = costs[i]!;
    if (!front.some((j) => dominates(costs[j]!, point))) front.push(i);
  }
  return front;
}

/** Whether `a` is nowhere worse than `b` and somewhere better. */
export function dominates(a: readonly number[], b: readonly number[]): boolean {
  let isBetter = false;
  for (let k = 0; k < a.length; k++) {
    if (a[k]! > b[k]!) return false;
    if (a[k]! < b[k]!) isBetter = true;
  }
  return isBetter;
}
