import type { TrialSearch } from "../../../core/contract/trialViews.ts";

interface Range {
  readonly least?: number | undefined;
  readonly most?: number | undefined;
}

/** The search with bounds of one column; without any, the column is free. */
export function withRange(search: TrialSearch, column: string, { least, most }: Range): TrialSearch {
  const { [column]: _, ...others } = search.ranges ?? {};
  const range = { ...(least !== undefined && { least }), ...(most !== undefined && { most }) };
  const ranges = Object.keys(range).length === 0 ? others : { ...others, [column]: range };
  const { ranges: __, ...rest } = search;
  return Object.keys(ranges).length === 0 ? rest : { ...rest, ranges };
}

/** The search with the texts that one column may have; none means any. */
export function withTexts(search: TrialSearch, column: string, wanted: readonly string[]): TrialSearch {
  const { [column]: _, ...others } = search.texts ?? {};
  const texts = wanted.length === 0 ? others : { ...others, [column]: [...wanted] };
  const { texts: __, ...rest } = search;
  return Object.keys(texts).length === 0 ? rest : { ...rest, texts };
}
