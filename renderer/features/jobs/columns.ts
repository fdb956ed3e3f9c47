import { createLastingStore } from "../../kit/store.ts";

export const JOB_COLUMNS = [
  { id: "state", title: "State" },
  { id: "progress", title: "Progress" },
  { id: "elapsed", title: "Elapsed", isNumber: true },
  { id: "left", title: "Left", isNumber: true },
  { id: "device", title: "Device" },
  { id: "best", title: "Best", isNumber: true },
  { id: "started", title: "Started" },
] as const satisfies readonly { readonly id: string; readonly title: string; readonly isNumber?: true }[];
export type JobColumn = (typeof JOB_COLUMNS)[number]["id"];

/** Columns that somebody has put away, by project. */
export const hiddenJobColumns = createLastingStore<Readonly<Record<string, readonly string[]>>>(
  "lathe.job-columns",
  {},
  (kept) =>
    typeof kept === "object" && kept !== null && Object.values(kept).every(Array.isArray)
      ? (kept as Record<string, readonly string[]>)
      : undefined,
);

export function shownJobColumns(
  hidden: Readonly<Record<string, readonly string[]>>,
  project: string,
): readonly (typeof JOB_COLUMNS)[number][] {
  return JOB_COLUMNS.filter((c) => !(hidden[project] ?? []).includes(c.id));
}

export function showJobColumn(project: string, column: JobColumn, isShown: boolean): void {
  hiddenJobColumns.set((before) => {
    const others = (before[project] ?? []).filter((c) => c !== column);
    return { ...before, [project]: isShown ? others : [...others, column] };
  });
}
