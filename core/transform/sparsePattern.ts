import { LatheError } from "../base/error.ts";
import type { LinearLayer } from "./linearLayers.ts";

/** Which weights may be zero together. */
export type SparsePattern =
  | { readonly kind: "unstructured" }
  /** At most n of m input channels in a row are kept, for each output channel and place of the kernel. */
  | { readonly kind: "groups"; readonly n: number; readonly m: number }
  /** Rectangles of output by input channels are kept or dropped as a whole, for each place of the kernel. */
  | { readonly kind: "blocks"; readonly rows: number; readonly columns: number };

/** What is dropped as a whole: an element or a block. */
export interface SparseUnits {
  /** What each unit is worth; smaller goes first. */
  readonly scores: Float64Array;
  /** Unit of each element; −1 for those that the pattern keeps in any case. */
  readonly unitOf: Int32Array;
  /** Elements in each unit. */
  readonly sizes: Int32Array;
  /** Row of each unit: its first output channel. */
  readonly rows: Int32Array;
}

/**
 * A pattern from its text: "unstructured", "2:4" (two of four are kept), "4x4" (blocks of four output by four input channels).
 * @throws invalid-recipe
 */
export function parsePattern(text: string): SparsePattern {
  if (text === "unstructured") return { kind: "unstructured" };
  const parts = /^(\d{1,4})([:x])(\d{1,4})$/.exec(text);
  const [first, second] = [Number(parts?.[1]), Number(parts?.[3])];
  if (parts?.[2] === ":" && first >= 1 && first < second) return { kind: "groups", n: first, m: second };
  if (parts?.[2] === "x" && first * second > 1) return { kind: "blocks", rows: first, columns: second };
  throw new LatheError("invalid-recipe", `There is no sparsity pattern "${text}".`, {
    hint: 'Write "unstructured", "2:4" for two kept of four, or "4x4" for blocks.',
  });
}

/** Why a pattern has no room in a layer; undefined where it fits. */
export function whyNotSparse(layer: LinearLayer, pattern: SparsePattern): string | undefined {
  const columns = layer.dims[layer.columnAxis] ?? 1;
  const rows = layer.dims[layer.rowAxis] ?? 1;
  if (pattern.kind === "groups" && columns % pattern.m !== 0) {
    return `${columns} input channels to a sum cannot be parted into groups of ${pattern.m}`;
  }
  if (pattern.kind === "blocks" && (columns < pattern.columns || rows < pattern.rows)) {
    return `${rows} × ${columns} channels are fewer than a block`;
  }
  return undefined;
}

/** Parts a layer's elements into units. Ragged edges make smaller blocks. */
export function unitsOf(layer: LinearLayer, scores: Float64Array, pattern: SparsePattern): SparseUnits {
  switch (pattern.kind) {
    case "unstructured": {
      const unitOf = Int32Array.from(scores, (_, i) => i);
      const rows = new Int32Array(scores.length);
      visit(layer, (element, { row }) => (rows[element] = row));
      return { scores, unitOf, sizes: new Int32Array(scores.length).fill(1), rows };
    }
    case "groups":
      return groupUnits(layer, scores, pattern);
    case "blocks":
      return blockUnits(layer, scores, pattern);
  }
}

interface Place {
  readonly row: number;
  readonly column: number;
  /** Number of the place in the kernel. */
  readonly place: number;
}

/** Goes through all elements: rows outermost, then places of the kernel, then columns. */
function visit({ dims, rowAxis, columnAxis }: LinearLayer, see: (element: number, at: Place) => void): void {
  const strides = dims.map((_, axis) => dims.slice(axis + 1).reduce((product, d) => product * d, 1));
  const others = dims.flatMap((_, axis) => (axis === rowAxis || axis === columnAxis ? [] : [axis]));
  const offsets = others.reduce(
    (all, axis) => all.flatMap((at) => Array.from({ length: dims[axis]! }, (_, i) => at + i * strides[axis]!)),
    [0],
  );
  for (let row = 0; row < dims[rowAxis]!; row++) {
    for (const [place, offset] of offsets.entries()) {
      const start = row * strides[rowAxis]! + offset;
      for (let column = 0; column < dims[columnAxis]!; column++) {
        see(start + column * strides[columnAxis]!, { row, column, place });
      }
    }
  }
}

function groupUnits(
  layer: LinearLayer,
  scores: Float64Array,
  { n, m }: { readonly n: number; readonly m: number },
): SparseUnits {
  const unitOf = new Int32Array(scores.length).fill(-1);
  const rows: number[] = [];
  const elements: number[] = [];
  let group: number[] = [];
  visit(layer, (element, { row }) => {
    group.push(element);
    if (group.length < m) return;
    // The best n stay; of equals the earlier one.
    group.sort((a, b) => scores[b]! - scores[a]! || a - b);
    for (const dropped of group.slice(n)) {
      unitOf[dropped] = elements.length;
      elements.push(dropped);
      rows.push(row);
    }
    group = [];
  });
  return {
    scores: Float64Array.from(elements, (element) => scores[element]!),
    unitOf,
    sizes: new Int32Array(elements.length).fill(1),
    rows: Int32Array.from(rows),
  };
}

function blockUnits(
  layer: LinearLayer,
  scores: Float64Array,
  block: { readonly rows: number; readonly columns: number },
): SparseUnits {
  const across = Math.ceil(layer.dims[layer.columnAxis]! / block.columns);
  const down = Math.ceil(layer.dims[layer.rowAxis]! / block.rows);
  const places = layer.elements / (layer.dims[layer.columnAxis]! * layer.dims[layer.rowAxis]!);
  const count = across * down * places;
  const unitOf = new Int32Array(scores.length);
  const sums = new Float64Array(count);
  const sizes = new Int32Array(count);
  const rows = new Int32Array(count);
  visit(layer, (element, { row, column, place }) => {
    const top = Math.floor(row / block.rows);
    const unit = (top * places + place) * across + Math.floor(column / block.columns);
    unitOf[element] = unit;
    sums[unit] = sums[unit]! + scores[element]!;
    sizes[unit] = sizes[unit]! + 1;
    rows[unit] = top * block.rows;
  });
  // The mean, so that smaller blocks at the edges are not dropped for being small.
  return { scores: sums.map((sum, unit) => sum / sizes[unit]!), unitOf, sizes, rows };
}
