import type { ComparisonView, FigureCell, FigureColumn } from "../../../core/contract/compare.ts";

/** A column with what stands in it, from the baseline on. */
export interface Figure {
  readonly column: FigureColumn;
  readonly cells: readonly FigureCell[];
}

export function figuresOf({ columns, rows }: ComparisonView): readonly Figure[] {
  return columns.map((column, i) => ({ column, cells: rows.map((row) => row[i] ?? { text: "—" }) }));
}

/** Those that are wanted: settings on request, and what is the same everywhere left out on request. */
export function shownFigures(
  figures: readonly Figure[],
  { withSettings, onlyDifferences }: { readonly withSettings: boolean; readonly onlyDifferences: boolean },
): readonly Figure[] {
  return figures.filter(
    ({ column, cells }) =>
      (withSettings || column.kind === "measured") && (!onlyDifferences || new Set(cells.map((c) => c.text)).size > 1),
  );
}

/** Places of the rows in the order of a column; the baseline keeps its place at the top, and missing values come last. */
export function sortedPlaces(cells: readonly FigureCell[], isDescending: boolean): readonly number[] {
  const places = cells.map((_, i) => i).slice(1);
  places.sort((a, b) => {
    const [x, y] = [cells[a]?.value, cells[b]?.value];
    if (x === undefined || y === undefined) {
      if (x !== y) return x === undefined ? 1 : -1;
      return (cells[a]?.text ?? "").localeCompare(cells[b]?.text ?? "", "en") * (isDescending ? -1 : 1);
    }
    return (x - y) * (isDescending ? -1 : 1);
  });
  return [0, ...places];
}

/** Titles and texts of a table, with interval and change in words. */
export function tableText(
  names: readonly string[],
  figures: readonly Figure[],
): { columns: string[]; rows: string[][] } {
  return {
    columns: ["Variant", ...figures.map(({ column }) => titleOf(column))],
    rows: names.map((name, i) => [name, ...figures.map(({ cells }) => cells[i]?.text ?? "—")]),
  };
}

export const titleOf = ({ title, unit }: FigureColumn): string => (unit === undefined ? title : `${title}, ${unit}`);

/** Places of those that no other one beats: nowhere worse and somewhere better. Without a goal, small is good. */
export function frontOf(x: Figure, y: Figure): readonly number[] {
  const cost = ({ column, cells }: Figure, i: number): number => {
    const value = cells[i]?.value ?? NaN;
    return column.goal === "most" ? -value : value;
  };
  const known = x.cells.flatMap((_, i) => {
    const [a, b] = [cost(x, i), cost(y, i)];
    return Number.isNaN(a) || Number.isNaN(b) ? [] : [{ i, a, b }];
  });
  return known
    .filter((p) => !known.some((q) => q.a <= p.a && q.b <= p.b && (q.a < p.a || q.b < p.b)))
    .toSorted((p, q) => p.a - q.a)
    .map((p) => p.i);
}
