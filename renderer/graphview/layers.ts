/** Parts of one block in layers, with places for edges that pass layers by. */
export interface Layered {
  /** Of the parts, then of the places of passing edges. */
  readonly widths: readonly number[];
  readonly heights: readonly number[];
  /** Parts and places of each layer, from left to right. */
  readonly layers: readonly (readonly number[])[];
  /** For each edge, the places on its way. */
  readonly bends: readonly (readonly number[])[];
  /** Neighbours above and below, by part or place. */
  readonly above: readonly (readonly number[])[];
  readonly below: readonly (readonly number[])[];
}

interface Size {
  readonly width: number;
  readonly height: number;
}

const GAP_X = 26;
const GAP_Y = 40;
/** Between two edges that pass by. */
const LANE = 12;
const SWEEPS = 8;
/** Layers that an edge is led around; a longer one is drawn as it comes. */
const LONGEST = 60;
const MOST_PLACES = 3000;

/**
 * @param sizes in the order of the graph
 * @param edges as indexes; −1 is passed over
 */
export function orderLayers(sizes: readonly Size[], edges: readonly (readonly [number, number])[]): Layered {
  const count = sizes.length;
  const layer = findLayers(count, edges);
  const widths = sizes.map((s) => s.width);
  const heights = sizes.map((s) => s.height);
  const above: number[][] = sizes.map(() => []);
  const below: number[][] = sizes.map(() => []);
  const layers: number[][] = [];
  for (let i = 0; i < count; i++) (layers[layer[i]!] ??= []).push(i);
  const link = (a: number, b: number): void => {
    below[a]!.push(b);
    above[b]!.push(a);
  };
  let places = 0;
  const bends = edges.map(([from, to]): number[] => {
    if (from < 0 || to < 0 || from === to) return [];
    const [first, last] = [layer[from]!, layer[to]!];
    if (last <= first) return [];
    if (last - first > LONGEST || places > MOST_PLACES) return [];
    const own: number[] = [];
    let at = from;
    for (let l = first + 1; l < last; l++) {
      const place = widths.push(LANE) - 1;
      heights.push(0);
      above.push([]);
      below.push([]);
      (layers[l] ??= []).push(place);
      link(at, place);
      own.push(place);
      at = place;
      places++;
    }
    link(at, to);
    return own;
  });
  // Layers that nothing stands in are holes of the list.
  const filled = Array.from({ length: layers.length }, (_, i) => layers[i] ?? []);
  return { widths, heights, layers: sortLayers(filled, above, below), bends, above, below };
}

/** The longest way from above; what nothing leads to stands just above what it leads to. */
function findLayers(count: number, edges: readonly (readonly [number, number])[]): number[] {
  // Only edges along the given order count, so that there are no cycles.
  const next: number[][] = Array.from({ length: count }, () => []);
  const hasBefore = new Array<boolean>(count).fill(false);
  for (const [from, to] of edges) {
    if (from < 0 || to < 0 || from >= to) continue;
    next[from]!.push(to);
    hasBefore[to] = true;
  }
  const layer = new Array<number>(count).fill(0);
  for (let i = 0; i < count; i++) for (const j of next[i]!) layer[j] = Math.max(layer[j]!, layer[i]! + 1);
  for (let i = count - 1; i >= 0; i--) {
    if (hasBefore[i] === true || next[i]!.length === 0) continue;
    layer[i] = Math.max(layer[i]!, Math.min(...next[i]!.map((j) => layer[j]!)) - 1);
  }
  return layer;
}

/** Sorts each layer by the mean place of its neighbours, downwards and upwards in turns, and keeps what crosses least. */
function sortLayers(
  start: readonly (readonly number[])[],
  above: readonly (readonly number[])[],
  below: readonly (readonly number[])[],
): readonly (readonly number[])[] {
  let layers = start.map((l) => [...l]);
  let best = layers;
  let least = crossings(layers, below);
  for (let sweep = 0; sweep < SWEEPS && least > 0; sweep++) {
    const isDown = sweep % 2 === 0;
    const near = isDown ? above : below;
    const place = new Map<number, number>();
    const mark = (l: readonly number[]): void => l.forEach((n, i) => place.set(n, i));
    layers = layers.map((l) => [...l]);
    layers.forEach(mark);
    const order = isDown ? layers.keys() : [...layers.keys()].toReversed();
    for (const i of order) {
      const mean = (n: number): number => {
        const own = near[n]!;
        return own.length === 0 ? place.get(n)! : own.reduce((sum, m) => sum + place.get(m)!, 0) / own.length;
      };
      layers[i] = layers[i]!.map((n) => [n, mean(n)] as const)
        .toSorted((a, b) => a[1] - b[1])
        .map(([n]) => n);
      mark(layers[i]);
    }
    const now = crossings(layers, below);
    if (now < least) {
      least = now;
      best = layers;
    }
  }
  return best;
}

/** Pairs of edges between neighbouring layers that cross. */
export function crossings(layers: readonly (readonly number[])[], below: readonly (readonly number[])[]): number {
  let total = 0;
  for (const [i, layer] of layers.entries()) {
    const place = new Map((layers[i + 1] ?? []).map((n, at) => [n, at]));
    const ends = layer.flatMap((n) => below[n]!.flatMap((m) => place.get(m) ?? []).toSorted((a, b) => a - b));
    for (let a = 0; a < ends.length; a++) for (let b = a + 1; b < ends.length; b++) if (ends[a]! > ends[b]!) total++;
  }
  return total;
}

export interface Columns {
  /** Middle of each part or place. */
  readonly x: readonly number[];
  /** Upper side. */
  readonly y: readonly number[];
  readonly width: number;
  readonly height: number;
}

/** Puts parts below each other as far as their order allows: the least squares of what edges lean to the side. */
export function alignColumns({ widths, heights, layers, above, below }: Layered): Columns {
  const x = new Array<number>(widths.length).fill(0);
  for (const layer of layers) {
    let at = 0;
    for (const n of layer) {
      x[n] = at + widths[n]! / 2;
      at += widths[n]! + gapOf(widths[n]!);
    }
    for (const n of layer) x[n] = x[n]! - at / 2;
  }
  for (let sweep = 0; sweep < 14; sweep++) {
    const isDown = sweep % 2 === 0;
    const order = isDown ? [...layers.keys()] : [...layers.keys()].toReversed();
    for (const i of order) {
      const layer = layers[i]!;
      const wish = layer.map((n) => {
        const near = sweep < 10 ? (isDown ? above[n]! : below[n]!) : [...above[n]!, ...below[n]!];
        return near.length === 0 ? x[n]! : near.reduce((sum, m) => sum + x[m]!, 0) / near.length;
      });
      spread(layer, wish, widths).forEach((value, k) => (x[layer[k]!] = value));
    }
  }
  const y = new Array<number>(widths.length).fill(0);
  let top = 0;
  for (const layer of layers) {
    const tall = Math.max(0, ...layer.map((n) => heights[n]!));
    for (const n of layer) y[n] = top + (heights[n] === 0 ? tall / 2 : 0);
    top += tall + GAP_Y;
  }
  const left = Math.min(0, ...x.map((v, n) => v - widths[n]! / 2).filter((v) => Number.isFinite(v)));
  const first = x.length === 0 ? 0 : Math.min(...x.map((v, n) => v - widths[n]! / 2));
  const shift = x.length === 0 ? -left : -first;
  const moved = x.map((v) => v + shift);
  const width = moved.reduce((most, v, n) => Math.max(most, v + widths[n]! / 2), 0);
  return { x: moved, y, width, height: Math.max(0, top - GAP_Y) };
}

const gapOf = (width: number): number => (width === LANE ? 6 : GAP_X);

/** Least squares from the wishes with the order and the gaps kept: pooled means of neighbours that would overlap. */
function spread(layer: readonly number[], wish: readonly number[], widths: readonly number[]): number[] {
  // With the widths taken off, values only have to ascend.
  const offsets: number[] = [];
  let at = 0;
  layer.forEach((n, i) => {
    const before = layer[i - 1];
    if (before !== undefined)
      at += (widths[before]! + widths[n]!) / 2 + Math.max(gapOf(widths[before]!), gapOf(widths[n]!));
    offsets.push(at);
  });
  const pools: { sum: number; count: number }[] = [];
  wish.forEach((w, i) => {
    let pool = { sum: w - offsets[i]!, count: 1 };
    for (
      let last = pools.at(-1);
      last !== undefined && last.sum / last.count > pool.sum / pool.count;
      last = pools.at(-1)
    ) {
      pool = { sum: pool.sum + last.sum, count: pool.count + last.count };
      pools.pop();
    }
    pools.push(pool);
  });
  const found = pools.flatMap((p) => new Array<number>(p.count).fill(p.sum / p.count));
  return found.map((value, i) => value + offsets[i]!);
}
