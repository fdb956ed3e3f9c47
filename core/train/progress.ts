import type { NdArray } from "../base/array.ts";
import { LatheError, toLatheError } from "../base/error.ts";
import type { Host } from "../base/host.ts";
import type { Json } from "../base/json.ts";
import type { Emit } from "../contract/event.ts";
import { readCheckpoint, removeLeftovers, writeCheckpoint } from "./checkpoint.ts";
import type { LossWatch } from "./divergence.ts";
import type { EpochResult } from "./plan.ts";
import type { Trainer } from "./trainer.ts";

/** Where a training is, besides the arrays. */
export interface Progress {
  /** Epochs that are complete, batches of the current one, updates in all, batches since the last update. */
  epoch: number;
  batch: number;
  updates: number;
  pending: number;
  /** Sum of the losses of the current epoch. */
  sum: number;
  watch: LossWatch | undefined;
  history: EpochResult[];
  /** The epoch with the best accuracy, and its arrays. */
  best: { readonly epoch: number; readonly accuracy: number } | undefined;
  bestArrays: ReadonlyMap<string, NdArray>;
}

export const startProgress = (): Progress => ({
  epoch: 0,
  batch: 0,
  updates: 0,
  pending: 0,
  sum: 0,
  watch: undefined,
  history: [],
  best: undefined,
  bestArrays: new Map(),
});

/** Where and how often a training is saved. */
export interface Saving {
  readonly path: string;
  /** Hash of recipe, model and data: a checkpoint with another one is not resumed. */
  readonly key: string;
  /** Batches between checkpoints; default: none but at the end of epochs and after `seconds`. */
  readonly batches?: number;
  /** Seconds between checkpoints; default 60. */
  readonly seconds?: number;
}

const BEST = "best:";

export interface Saver {
  /** Saves where it is time to, or in any case. A failure is reported, and the training goes on. */
  save(trainer: Trainer, progress: Progress, always: boolean): Promise<void>;
  /** Puts trainer and progress where the checkpoint is; undefined where there is none. */
  resume(trainer: Trainer): Promise<Progress | undefined>;
}

export function makeSaver(saving: Saving | undefined, host: Host, emit: Emit): Saver {
  if (saving === undefined) return { save: () => Promise.resolve(), resume: () => Promise.resolve(undefined) };
  const { path, key, batches, seconds = 60 } = saving;
  let saved = host.clock.milliseconds();
  let count = 0;
  const isDue = (): boolean => {
    count++;
    return (batches !== undefined && count >= batches) || host.clock.milliseconds() - saved >= seconds * 1000;
  };
  return {
    save: async (trainer, progress, always) => {
      if (!isDue() && !always) return;
      [saved, count] = [host.clock.milliseconds(), 0];
      const { bestArrays, ...position } = { ...progress, watch: progress.watch ?? null, best: progress.best ?? null };
      await trainer.download();
      const arrays = new Map(trainer.state());
      for (const [name, array] of bestArrays) arrays.set(BEST + name, array);
      try {
        await writeCheckpoint(path, { key, position: position as unknown as Json, arrays }, host);
      } catch (thrown) {
        const { message, hint = "" } = toLatheError(thrown);
        const text = `The checkpoint could not be written; the training goes on, and the one before stays. ${message} ${hint}`;
        emit({ kind: "message", level: "warning", text });
      }
    },
    resume: async (trainer) => {
      await removeLeftovers(path, host);
      const found = await readCheckpoint(path, host);
      if (found === undefined) return undefined;
      if (found.key !== key) {
        throw new LatheError("invalid-recipe", `The checkpoint "${path}" is of another training.`, {
          hint: "Remove it, or run the recipe that it belongs to.",
        });
      }
      const position = found.position as unknown as Omit<Progress, "bestArrays">;
      trainer.restore(found.arrays, position.pending);
      const best = [...found.arrays].filter(([name]) => name.startsWith(BEST));
      const bestArrays = new Map(best.map(([name, array]) => [name.slice(BEST.length), array]));
      return { ...position, watch: position.watch ?? undefined, best: position.best ?? undefined, bestArrays };
    },
  };
}
