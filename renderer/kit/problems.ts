import { createLastingStore } from "./store.ts";

/** Something that went wrong in passing, kept until somebody clears it. */
export interface PastProblem {
  readonly at: string;
  readonly text: string;
}

const MOST = 100;

/** What went wrong on this page, oldest first; the next visit finds it. */
export const pastProblems = createLastingStore<readonly PastProblem[]>("lathe.problems", [], (kept) =>
  Array.isArray(kept) ? kept.filter(isProblem) : undefined,
);

function isProblem(kept: unknown): kept is PastProblem {
  const { at, text } = (kept ?? {}) as Partial<PastProblem>;
  return typeof at === "string" && typeof text === "string";
}

export function addProblem(text: string): void {
  pastProblems.set((before) => [...before, { at: new Date().toISOString(), text }].slice(-MOST));
}
