import { createLastingStore } from "../../kit/store.ts";

/** How the comparison is shown; the next visit finds it so. */
export interface CompareOptions {
  readonly onlyDifferences: boolean;
  readonly isTransposed: boolean;
  readonly withSettings: boolean;
  /** Ids of the columns on the axes. */
  readonly x: string;
  readonly y: string;
  readonly isLogX: boolean;
  readonly isLogY: boolean;
  readonly hidesDominated: boolean;
}

const START: CompareOptions = {
  onlyDifferences: false,
  isTransposed: false,
  withSettings: false,
  x: "p50-1",
  y: "top1",
  isLogX: false,
  isLogY: false,
  hidesDominated: false,
};

export const compareOptions = createLastingStore<CompareOptions>("lathe.compare", START, (kept) => {
  if (typeof kept !== "object" || kept === null) return undefined;
  const given = kept as Readonly<Record<string, unknown>>;
  const entries = Object.entries(START).map(([name, value]: [string, unknown]): [string, unknown] => [
    name,
    typeof given[name] === typeof value ? given[name] : value,
  ]);
  return Object.fromEntries(entries) as unknown as CompareOptions;
});

export const changeOptions = (change: Partial<CompareOptions>): void =>
  compareOptions.set((before) => ({ ...before, ...change }));
