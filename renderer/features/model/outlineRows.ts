import type { ModelPart } from "../../../core/contract/modelView.ts";

export interface OutlineRow {
  readonly part: ModelPart;
  /** 0 on the highest level. */
  readonly depth: number;
  /** Among its siblings, from 1. */
  readonly place: number;
  readonly of: number;
}

/** Parts as they come, which is blocks before what is in them, with where they stand. */
export function rowsOf(parts: readonly ModelPart[]): OutlineRow[] {
  const siblings = new Map<string | null, number>();
  for (const { within } of parts) siblings.set(within, (siblings.get(within) ?? 0) + 1);
  const seen = new Map<string | null, number>();
  const depths = new Map<string, number>();
  return parts.map((part) => {
    const depth = part.within === null ? 0 : (depths.get(part.within) ?? 0) + 1;
    depths.set(part.id, depth);
    const place = (seen.get(part.within) ?? 0) + 1;
    seen.set(part.within, place);
    return { part, depth, place, of: siblings.get(part.within) ?? 1 };
  });
}

/** What a key does in a tree, as the ARIA practices for trees have it; undefined for a key that does nothing. */
export function stepInOutline(
  key: string,
  rows: readonly OutlineRow[],
  selected: string | undefined,
): { readonly select?: string; readonly toggle?: string } | undefined {
  const at = rows.findIndex((r) => r.part.id === selected);
  const here = rows[at]?.part;
  const select = (row: OutlineRow | undefined): { readonly select?: string } =>
    row === undefined ? {} : { select: row.part.id };
  switch (key) {
    case "ArrowDown":
      return select(rows[at + 1]);
    case "ArrowUp":
      return select(at < 0 ? rows[0] : rows[at - 1]);
    case "Home":
      return select(rows[0]);
    case "End":
      return select(rows.at(-1));
    case "ArrowRight":
      if (here === undefined || here.parts === 0) return {};
      return here.isOpen ? select(rows[at + 1]) : { toggle: here.id };
    case "ArrowLeft":
      if (here === undefined) return {};
      if (here.isOpen) return { toggle: here.id };
      return here.within === null ? {} : { select: here.within };
    case "Enter":
      return here === undefined || here.parts === 0 ? {} : { toggle: here.id };
    default:
      return undefined;
  }
}
