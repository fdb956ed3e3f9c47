import { createLastingStore } from "./store.ts";

/** Threads that a new run asks for; undefined: as many as the engine suggests. */
export const defaultThreads = createLastingStore<number | undefined>("lathe.threads", undefined, (kept) =>
  typeof kept === "number" && Number.isInteger(kept) && kept > 0 ? kept : undefined,
);
