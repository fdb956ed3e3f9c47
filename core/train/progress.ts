import type { NdArray } from "../base/array.ts";
import { LatheError, toLatheError } from "../base/error.ts";
import type { Host } from "../base/host.ts";
import type { Json } from "../base/json.ts";
import type { Emit } from "../contract/event.ts";
import { readCheckpoint, removeLeftovers, writeCheckpoint } from "./checkpoint.ts";
import type { LossWatch } from "./divergence.ts";
import type { EpochResult, RateAccount } from "./plan.ts";
import type { Trainer } from "./trainer.ts";

/** Where a training is, besides the arrays. */
export interface Position {
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
}

/** State that a training can go back to. */
export interface Good {
  readonly position: Position;
  readonly arrays: ReadonlyMap<string, NdArray>;
  readonly bestArrays: ReadonlyMap<string, NdArray>;
}

/** A training that has not begun. */
export const startPosition = (): Position => ({
  epoch: 0,
  batch: 0,
  updates: 0,
  pending: 0,
  sum: 0,
  watch: undefined,
  history: [],
  best: undefined,
});

/** What goes on through a training. */
export interface Progress extends Position {
  bestArrays: ReadonlyMap<string, NdArray>;
  /** Undefined until the learning rate is known. */
  rate: RateAccount | undefined;
  /** The last good state; the start where there is none yet. */
  good: Good | undefined;
}

export const startProgress = (): Progress => ({
  ...startPosition(),
  bestArrays: new Map(),
  rate: undefined,
  good: undefined,
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
const GOOD = "good:";
const GOOD_BEST = "good-best:";

/** The part of a checkpoint that is JSON. Undefined is left out of it. */
interface Saved extends Position {
  readonly rate?: RateAccount;
  /** `isHere`: its arrays are those of the training; `isBest`: its best arrays are too. */
  readonly good?: { readonly position: Position; readonly isHere: boolean; readonly isBest: boolean };
}

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
      await trainer.download();
      const { position, arrays } = savedOf(trainer, progress);
      try {
        await writeCheckpoint(path, { key, position, arrays }, host);
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
      const saved = found.position as unknown as Saved;
      trainer.restore(found.arrays, saved.pending);
      return progressOf(saved, found.arrays);
    },
  };
}

function savedOf(
  trainer: Trainer,
  { bestArrays, good, ...position }: Progress,
): { readonly position: Json; readonly arrays: ReadonlyMap<string, NdArray> } {
  const arrays = new Map(trainer.state());
  const add = (prefix: string, more: ReadonlyMap<string, NdArray>): void => {
    for (const [name, array] of more) arrays.set(prefix + name, array);
  };
  add(BEST, bestArrays);
  const isHere = good?.position.epoch === position.epoch && position.batch === 0;
  const isBest = good?.bestArrays === bestArrays;
  if (good !== undefined && !isHere) add(GOOD, good.arrays);
  if (good !== undefined && !isBest) add(GOOD_BEST, good.bestArrays);
  const saved = { ...position, ...(good && { good: { position: good.position, isHere, isBest } }) };
  return { position: JSON.parse(JSON.stringify(saved)) as Json, arrays };
}

function progressOf({ good, ...position }: Saved, arrays: ReadonlyMap<string, NdArray>): Progress {
  const under = (prefix: string): ReadonlyMap<string, NdArray> =>
    new Map([...arrays].flatMap(([name, a]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), a]] : [])));
  const bestArrays = under(BEST);
  const restored = good && {
    position: { ...startPosition(), ...good.position },
    arrays: good.isHere ? arrays : under(GOOD),
    bestArrays: good.isBest ? bestArrays : under(GOOD_BEST),
  };
  const [watch, best] = [position.watch ?? undefined, position.best ?? undefined];
  return { ...startProgress(), ...position, watch, best, bestArrays, good: restored };
}
