import { STAYS, type Axes, type Axis, type Label } from "../../ops/channels.ts";

/**
 * The algebra of labels. A label stands for a set of units: the index that bears it is removed when any unit of the set
 * is. Most are one unit. An axis that is laid out as heads × channels has labels of two: its head's and its channel's.
 * Labels only ever become equal; what they mean is asked for at the end.
 */
export interface Labels {
  fresh(size: number): readonly Label[];
  /** Units that were made together have the same number. */
  familyOf(unit: number): number;
  /** Makes two labels mean the same. @param why for units that have to stay because of it */
  equate(a: Label, b: Label, why: string): void;
  same(axes: readonly Axis[], why: string): Axis;
  merge(axes: Axes, sizes: readonly number[]): Axis;
  split(axis: Axis, sizes: readonly number[], why: string): Axes;
  fold(axis: Axis, shape: { readonly sizes: readonly number[]; readonly kept: number }, why: string): Axis;
  keep(axis: Axis, reason: string): void;
  shift(axis: Axis, reason: string): void;
  /** The units of a label, in a fixed order; none for an index that stays. */
  unitsOf(label: Label): readonly number[];
  /** Why a unit stays. */
  keptBecause(unit: number): string | undefined;
  /** Why removing a unit changes more than what it contributes. */
  shiftedBecause(unit: number): string | undefined;
}

export function startLabels(): Labels {
  // What a label became: undefined while it is a unit of its own.
  const means: (readonly Label[] | undefined)[] = [[]];
  const kept = new Map<number, string>();
  const shifted = new Map<number, string>();
  const sets = new Map<string, Label>();
  const family: number[] = [];
  let families = 0;

  const add = (meaning?: readonly Label[]): Label => means.push(meaning) - 1;

  const unitsOf = (label: Label): readonly number[] => {
    const meaning = means[label];
    if (meaning === undefined) return [label];
    if (meaning.every((m) => means[m] === undefined)) return meaning;
    const units = [...new Set(meaning.flatMap(unitsOf))];
    means[label] = units;
    return units;
  };

  const setOf = (labels: readonly Label[]): Label => {
    const units = [...new Set(labels.flatMap(unitsOf))];
    if (units.length <= 1) return units[0] ?? STAYS;
    const key = units.join();
    const found = sets.get(key) ?? add(units);
    sets.set(key, found);
    return found;
  };

  const note = (notes: Map<number, string>, units: readonly number[], reason: string): void => {
    for (const unit of units) if (!notes.has(unit)) notes.set(unit, reason);
  };

  /** Lets a unit stand for others from now on. */
  const become = (unit: number, others: readonly number[]): void => {
    means[unit] = others;
    for (const notes of [kept, shifted]) {
      const reason = notes.get(unit);
      if (reason !== undefined) note(notes, others, reason);
    }
  };

  const collapse = (units: readonly number[]): void => {
    const first = Math.min(...units);
    for (const unit of units) if (unit !== first) become(unit, [first]);
  };

  const equate = (a: Label, b: Label, why: string): void => {
    const [left, right] = [unitsOf(a), unitsOf(b)];
    if (left.length === right.length && left.every((unit) => right.includes(unit))) return;
    if (left.length === 0 || right.length === 0) {
      note(kept, [...left, ...right], why);
      return;
    }
    if (left.length === 1 && right.length === 1) {
      collapse([left[0]!, right[0]!]);
      return;
    }
    if (left.length !== 1 && right.length !== 1 && left.length === right.length) {
      left.forEach((unit, i) => equate(unit, right[i]!, why));
      return;
    }
    const [one, many] = left.length === 1 ? [left, right] : [right, left];
    if (one.length > 1 || many.includes(one[0]!)) collapse([...new Set([...one, ...many])]);
    else become(one[0]!, many);
  };

  const same = (axes: readonly Axis[], why: string): Axis => {
    const known = axes.filter((axis) => axis !== undefined);
    const [first, ...others] = known;
    if (first === undefined) return undefined;
    if (known.length < axes.length) {
      for (const axis of known) keep(axis, why);
      return undefined;
    }
    for (const other of others) first.forEach((label, i) => equate(label, other[i] ?? STAYS, why));
    return first;
  };

  const keep = (axis: Axis, reason: string): void => {
    for (const label of axis ?? []) note(kept, unitsOf(label), reason);
  };

  const factor = (axis: Axis, [outer, inner]: readonly [number, number], why: string): readonly [Axis, Axis] => {
    if (axis === undefined) return [undefined, undefined];
    if (outer === 1) return [undefined, axis];
    if (inner === 1) return [axis, undefined];
    const units = axis.map(unitsOf);
    const at = (o: number, i: number): readonly number[] => units[o * inner + i] ?? [];
    const parts = commonParts(at, outer, inner);
    const names = ([all]: readonly [readonly (readonly number[])[]]): Axis =>
      all.some((part) => part.length > 0) ? all.map(setOf) : undefined;
    if (parts !== undefined) return [names([parts.outer]), names([parts.inner])];
    const isPlain =
      units.every((u) => u.length === 1 && !kept.has(u[0]!)) && new Set(units.flat()).size === axis.length;
    if (isPlain) {
      const [outside, inside] = [fresh(outer), fresh(inner)];
      axis.forEach((label, x) => {
        equate(label, setOf([outside[Math.floor(x / inner)]!, inside[x % inner]!]), why);
      });
      return [outside, inside];
    }
    const kind = inner >= outer ? 1 : 0;
    const folded = fold(axis, { sizes: [outer, inner], kept: kind }, why);
    return kind === 1 ? [undefined, folded] : [folded, undefined];
  };

  const split: Labels["split"] = (axis, sizes, why) => {
    const [first, ...rest] = sizes;
    if (first === undefined) return [];
    if (rest.length === 0) return [axis];
    const [outer, inner] = factor(axis, [first, rest.reduce((a, b) => a * b, 1)], why);
    return [outer, ...split(inner, rest, why)];
  };

  const fold: Labels["fold"] = (axis, { sizes, kept: which }, why) => {
    if (axis === undefined) return undefined;
    const below = sizes.slice(which + 1).reduce((a, b) => a * b, 1);
    const size = sizes[which] ?? 1;
    const first: Label[] = [];
    axis.forEach((label, x) => {
      const i = Math.floor(x / below) % size;
      const known = first[i];
      if (known === undefined) first[i] = label;
      else equate(known, label, why);
    });
    return first;
  };

  const merge: Labels["merge"] = (axes, sizes) => {
    if (axes.every((axis) => axis === undefined)) return undefined;
    const count = sizes.reduce((a, b) => a * b, 1);
    return Array.from({ length: count }, (_, x) => {
      let rest = x;
      const labels = axes.map((axis, i) => {
        const below = sizes.slice(i + 1).reduce((a, b) => a * b, 1);
        const at = Math.floor(rest / below);
        rest %= below;
        return axis?.[at] ?? STAYS;
      });
      return setOf(labels);
    });
  };

  const fresh = (size: number): readonly Label[] => {
    families++;
    return Array.from({ length: size }, () => {
      const unit = add();
      family[unit] = families;
      return unit;
    });
  };

  return {
    fresh,
    equate,
    same,
    merge,
    split,
    fold,
    keep,
    shift: (axis, reason) => {
      for (const label of axis ?? []) note(shifted, unitsOf(label), reason);
    },
    unitsOf,
    familyOf: (unit) => family[unit] ?? 0,
    keptBecause: (unit) => kept.get(unit),
    shiftedBecause: (unit) => shifted.get(unit),
  };
}

/** Sets for rows and columns whose unions are the given ones, where there are such. */
function commonParts(
  at: (outer: number, inner: number) => readonly number[],
  outer: number,
  inner: number,
): { readonly outer: readonly (readonly number[])[]; readonly inner: readonly (readonly number[])[] } | undefined {
  const range = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i);
  const common = (sets: readonly (readonly number[])[]): readonly number[] =>
    (sets[0] ?? []).filter((unit) => sets.every((set) => set.includes(unit)));
  const rows = range(outer).map((o) => common(range(inner).map((i) => at(o, i))));
  const columns = range(inner).map((i) => common(range(outer).map((o) => at(o, i))));
  const isWhole = range(outer).every((o) =>
    range(inner).every((i) => {
      const both = new Set([...rows[o]!, ...columns[i]!]);
      return at(o, i).every((unit) => both.has(unit));
    }),
  );
  return isWhole ? { outer: rows, inner: columns } : undefined;
}
