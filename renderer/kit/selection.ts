import { createStore } from "./store.ts";

export interface Selection {
  readonly project: string;
  readonly variant: string;
}

/** What the inspector tells about. */
export const selection = createStore<Selection | undefined>(undefined);
