import { createLastingStore } from "../kit/store.ts";

/** A project that is open in the window, with the screen that was seen last. */
export interface Tab {
  readonly project: string;
  readonly name: string;
  readonly path: string;
}

const isTab = (kept: unknown): kept is Tab => {
  const { project, name, path } = (kept ?? {}) as Partial<Tab>;
  return typeof project === "string" && typeof name === "string" && typeof path === "string";
};

/** The window's tabs; the next visit finds them as they were. */
export const tabs = createLastingStore<readonly Tab[]>("lathe.tabs", [], (kept) =>
  Array.isArray(kept) ? kept.filter(isTab) : undefined,
);

/** Closed ones, the last one last. */
export const closedTabs = createLastingStore<readonly Tab[]>("lathe.closed-tabs", [], (kept) =>
  Array.isArray(kept) ? kept.filter(isTab) : undefined,
);

/** Remembers where a tab is; opens one where there is none. */
export function visitTab(tab: Tab): void {
  tabs.set((before) => {
    const known = before.find((t) => t.project === tab.project);
    if (known?.path === tab.path && known.name === tab.name) return before;
    return known === undefined ? [...before, tab] : before.map((t) => (t === known ? tab : t));
  });
}

/** @returns where to go instead */
export function closeTab(project: string): string {
  const all = tabs.get();
  const at = all.findIndex((t) => t.project === project);
  const closed = all[at];
  if (closed === undefined) return "/";
  closedTabs.set((before) => [...before, closed].slice(-20));
  tabs.set(all.filter((t) => t !== closed));
  return (all[at + 1] ?? all[at - 1])?.path ?? "/";
}

/** @returns where the tab was that was closed last; undefined where none was */
export function reopenTab(): string | undefined {
  const last = closedTabs.get().at(-1);
  if (last === undefined) return undefined;
  closedTabs.set((before) => before.slice(0, -1));
  visitTab(last);
  return last.path;
}
