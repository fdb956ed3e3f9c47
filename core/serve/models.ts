import { startViewer, type Viewer } from "../app/viewer/viewer.ts";
import type { Layer } from "../contract/measurement.ts";

/** What pages look at models with. */
export interface Models {
  readonly viewer: Viewer;
  /** Layers of models that were run without being measured, by content. */
  readonly profiled: Map<string, readonly Layer[]>;
}

export function openModels(): Models {
  return { viewer: startViewer(), profiled: new Map() };
}
