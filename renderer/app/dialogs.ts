import { createStore } from "../kit/store.ts";

/** The dialog of the shell that is open. */
export const dialog = createStore<"new-project" | "palette" | "keys" | undefined>(undefined);
