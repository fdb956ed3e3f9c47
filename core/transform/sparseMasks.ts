import { unitsOf, type SparsePattern, type SparseUnits } from "./sparsePattern.ts";
import type { LinearLayer } from "./linearLayers.ts";

/**
 * How the zeros are shared out:
 * - `uniform`: the same share in every layer.
 * - `erk`: Erdős–Rényi with kernels: density ∝ (out + in + kernel edges)/(out·in·kernel) (Evci et al. 2020), so that
 *   large layers become sparser.
 * - `global`: the lowest scores of all layers together.
 * - `lamp`: as global, by w²/Σ of the squares that are not smaller in the layer (Lee et al. 2021).
 */
export type SparseScope = "uniform" | "erk" | "global" | "lamp";

export interface MaskOptions {
  readonly pattern: SparsePattern;
  readonly scope: SparseScope;
  /** Share of all elements of the layers that becomes zero; groups of n:m only look at how far this is on the way. */
  readonly sparsity: number;
  /** Whether each output channel loses the same share, where the scope is `uniform` and the pattern free. */
  readonly perRow?: boolean;
}

export interface ScoredLayer {
  readonly layer: LinearLayer;
  /** What each element is worth; smaller goes first. */
  readonly scores: Float64Array;
}

/** Masks, 0 for what goes and 1 for what stays, by the names of the weights. Of equal scores the earlier one goes. */
export function chooseMasks(scored: readonly ScoredLayer[], options: MaskOptions): ReadonlyMap<string, Float32Array> {
  const { pattern, scope, sparsity } = options;
  const isPooled = scope === "global" || scope === "lamp";
  const parts = scored.map(({ layer, scores }) => {
    const units = unitsOf(layer, scope === "lamp" ? lampScores(scores) : scores, pattern);
    return { layer, units, isGone: new Uint8Array(units.scores.length) };
  });
  if (pattern.kind === "groups") {
    const share = Math.min(1, sparsity / (1 - pattern.n / pattern.m));
    for (const { units, isGone } of parts) drop([{ units, isGone }], Math.round(share * units.scores.length));
  } else if (isPooled) {
    const elements = parts.reduce((sum, { layer }) => sum + layer.elements, 0);
    drop(parts, Math.round(sparsity * elements));
  } else {
    const shares =
      scope === "erk"
        ? erkSparsity(
            scored.map((s) => s.layer),
            sparsity,
          )
        : undefined;
    for (const [i, part] of parts.entries()) {
      const count = Math.round((shares?.[i] ?? sparsity) * part.layer.elements);
      if (options.perRow === true) dropPerRow(part, count);
      else drop([part], count);
    }
  }
  return new Map(parts.map(({ layer, units, isGone }) => [layer.weight, maskOf(units, isGone)]));
}

interface Part {
  readonly units: SparseUnits;
  readonly isGone: Uint8Array;
}

/** Drops the lowest units until as many elements are gone, or as close to that as whole units come. */
function drop(parts: readonly Part[], elements: number): void {
  const starts: number[] = [];
  let total = 0;
  for (const { units } of parts) {
    starts.push(total);
    total += units.scores.length;
  }
  const scores = new Float64Array(total);
  for (const [i, { units }] of parts.entries()) scores.set(units.scores, starts[i]);
  const order = Uint32Array.from(scores, (_, i) => i).sort((a, b) => scores[a]! - scores[b]! || a - b);
  let left = elements;
  for (const at of order) {
    const i = starts.findLastIndex((start) => start <= at);
    const { units, isGone } = parts[i]!;
    const size = units.sizes[at - starts[i]!]!;
    if (left < size / 2) break;
    isGone[at - starts[i]!] = 1;
    left -= size;
    if (left <= 0) break;
  }
}

function dropPerRow({ units, isGone }: Part, elements: number): void {
  const members = Map.groupBy(units.scores.keys(), (unit) => units.rows[unit]!);
  const rows = [...members].sort(([a], [b]) => a - b);
  let done = 0;
  for (const [i, [, own]] of rows.entries()) {
    // What rounding leaves over is spread over the rows.
    const upTo = Math.round((elements * (i + 1)) / rows.length);
    own.sort((a, b) => units.scores[a]! - units.scores[b]! || a - b);
    for (const unit of own.slice(0, upTo - done)) isGone[unit] = 1;
    done = upTo;
  }
}

function maskOf({ unitOf }: SparseUnits, isGone: Uint8Array): Float32Array {
  return Float32Array.from(unitOf, (unit) => (unit >= 0 && isGone[unit] === 1 ? 0 : 1));
}

/** score²/Σ score² over the elements of the layer that are not smaller. */
function lampScores(scores: Float64Array): Float64Array {
  const order = Uint32Array.from(scores, (_, i) => i).sort((a, b) => scores[b]! - scores[a]! || b - a);
  const found = new Float64Array(scores.length);
  let sum = 0;
  for (const i of order) {
    const square = scores[i]! ** 2;
    sum += square;
    found[i] = sum === 0 ? 0 : square / sum;
  }
  return found;
}

/** Sparsity of each layer. Layers that would be denser than dense stay dense, and the others share what that leaves. */
export function erkSparsity(layers: readonly LinearLayer[], sparsity: number): readonly number[] {
  const raw = layers.map(({ dims, elements }) => dims.reduce((sum, d) => sum + d, 0) / elements);
  const isDense = layers.map(() => false);
  const all = layers.reduce((sum, l) => sum + l.elements, 0);
  for (;;) {
    let kept = (1 - sparsity) * all;
    let weighted = 0;
    for (const [i, { elements }] of layers.entries()) {
      if (isDense[i]!) kept -= elements;
      else weighted += raw[i]! * elements;
    }
    const scale = weighted === 0 ? 0 : Math.max(0, kept / weighted);
    const over = layers.flatMap((_, i) => (!isDense[i]! && raw[i]! * scale > 1 ? [i] : []));
    if (over.length === 0) return layers.map((_, i) => (isDense[i]! ? 0 : 1 - raw[i]! * scale));
    for (const i of over) isDense[i] = true;
  }
}
