import { LatheError } from "./error.ts";

/** Throws `cancelled` once the signal is aborted. Long loops call it at every step. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new LatheError("cancelled", "Cancelled.", { cause: signal.reason });
}
