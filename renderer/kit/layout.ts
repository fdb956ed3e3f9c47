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

/** Pixels that panels take. */
export interface PanelSizes {
  readonly inspector: number;
  readonly bottom: number;
}

export const PANEL_SIZES: Readonly<
  Record<keyof PanelSizes, { readonly usual: number; readonly least: number; readonly most: number }>
> = { inspector: { usual: 300, least: 220, most: 640 }, bottom: { usual: 260, least: 140, most: 600 } };

/** By project, for those where somebody has changed them. */
export const panelSizes = createLastingStore<Readonly<Record<string, Partial<PanelSizes>>>>(
  "lathe.panel-sizes",
  {},
  (kept) => (typeof kept === "object" && kept !== null ? (kept as Record<string, Partial<PanelSizes>>) : undefined),
);

export function sizeOfPanel(
  sizes: Readonly<Record<string, Partial<PanelSizes>>>,
  project: string,
  panel: keyof PanelSizes,
): number {
  const kept: unknown = sizes[project]?.[panel];
  const { usual, least, most } = PANEL_SIZES[panel];
  return typeof kept === "number" && Number.isFinite(kept) ? Math.min(most, Math.max(least, kept)) : usual;
}

export function resizePanel(project: string, panel: keyof PanelSizes, size: number): void {
  panelSizes.set((before) => ({ ...before, [project]: { ...before[project], [panel]: size } }));
}
