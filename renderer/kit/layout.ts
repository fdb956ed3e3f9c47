import { createLastingStore } from "./store.ts";

export interface Layout {
  readonly inspector: boolean;
  readonly bottom: boolean;
}

/** Which panels are open; the next visit finds them so. */
export const layout = createLastingStore<Layout>("lathe.layout", { inspector: false, bottom: false }, (kept) => {
  const { inspector, bottom } = (kept ?? {}) as Partial<Layout>;
  return typeof inspector === "boolean" && typeof bottom === "boolean" ? { inspector, bottom } : undefined;
});

export function togglePanel(panel: keyof Layout): void {
  layout.set((before) => ({ ...before, [panel]: !before[panel] }));
}
