import { createLastingStore } from "./store.ts";

/** Whether the machine is kept awake while jobs run. */
export const keepAwake = createLastingStore<boolean>("lathe.keep-awake", true, (kept) =>
  typeof kept === "boolean" ? kept : undefined,
);
