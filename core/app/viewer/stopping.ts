import { LatheError, toLatheError } from "../../base/error.ts";
import type { Step } from "../../graph/flat.ts";

/** Whether whoever asked has left. An AbortSignal is one. */
export interface Stop {
  readonly aborted: boolean;
}

/** Steps of a search between two looks at whether it is still wanted. */
const BETWEEN_LOOKS = 4096;

/** Ends a search that nobody waits for any more. The thread is busy with it, so it has to look for itself. */
export function stepsUntil(stop: Stop | undefined): Step {
  let left = BETWEEN_LOOKS;
  return (count) => {
    left -= count;
    if (left > 0) return;
    left = BETWEEN_LOOKS;
    if (stop?.aborted === true) throw new LatheError("cancelled", "Cancelled.");
  };
}

/**
 * One piece of work for all who ask for it. Where the one who began it leaves, the next who still waits begins it again.
 * What fails is not kept.
 */
export async function shareWork<T>(
  kept: Map<string, Promise<T>>,
  key: string,
  { make, stop }: { readonly make: () => Promise<T>; readonly stop: Stop | undefined },
): Promise<T> {
  for (;;) {
    const known = kept.get(key);
    const work = known ?? make();
    // Moves it to the end: the first are given up first.
    kept.delete(key);
    kept.set(key, work);
    try {
      return await work;
    } catch (thrown) {
      if (kept.get(key) === work) kept.delete(key);
      const isAnothers = known !== undefined && toLatheError(thrown).code === "cancelled" && stop?.aborted !== true;
      if (!isAnothers) throw thrown;
    }
  }
}
