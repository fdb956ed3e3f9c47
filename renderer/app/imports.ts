import { createStore } from "../kit/store.ts";
import type { Chosen } from "../parts/chooser.ts";

export interface ImportRequest {
  readonly project: string;
  readonly kind: "model" | "data";
  readonly chosen: Chosen;
}

/** What is about to be imported; its dialog is open. */
export const importRequest = createStore<ImportRequest | undefined>(undefined);
