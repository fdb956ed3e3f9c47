import type { NdArray } from "../base/array.ts";
import { LatheError } from "../base/error.ts";
import type { Emit } from "../contract/event.ts";
import { divergenceOf, isFinite32, isSettled } from "./divergence.ts";
import type { Fall, RateAccount } from "./plan.ts";
import { startPosition, type Position, type Progress } from "./progress.ts";
import type { Trainer } from "./trainer.ts";

const MOST_FALLS = 3;
const FACTOR = 3;

/** The highest rate of the schedule after all falls. */
export function rateAfter({ rate, falls }: Pick<RateAccount, "rate" | "falls">): number {
  return falls.length === 0 ? rate : rate / FACTOR ** falls.length;
}

/** At the end of an epoch: remembers the state as one to go back to, unless it is about to diverge. */
export function keepGood(trainer: Trainer, progress: Progress): void {
  const state = trainer.state();
  if (progress.watch !== undefined && !isSettled(progress.watch)) return;
  if (![...state.values()].every(({ data }) => isFinite32(data as Float32Array))) return;
  progress.good = { position: positionOf(progress), arrays: copyOf(state), bestArrays: progress.bestArrays };
}

export interface FallOptions {
  readonly trainer: Trainer;
  readonly progress: Progress;
  /** Puts the trainer where the training began. */
  readonly toStart: () => void;
  readonly emit: Emit;
}

/**
 * Takes a training that diverged back to its last good state, to go on from there with a third of the rate. To the start
 * where no update lies between that state and the divergence: then it was no good.
 * @throws what was thrown where it is no divergence, or the rate had no part in it; numeric after three falls
 */
export function fallBack(thrown: unknown, { trainer, progress, toStart, emit }: FallOptions): void {
  const cause = divergenceOf(thrown);
  const { rate: account, good } = progress;
  if (cause === undefined || account === undefined || progress.updates === 0) throw thrown;
  const { message, details, hint } = thrown as LatheError;
  const rate = rateAfter(account);
  if (account.falls.length === MOST_FALLS) {
    const rates = account.falls.map((fall) => `"${rateText(fall.rate)}"`).join(", ");
    throw new LatheError("numeric", `${message} So it had with the learning rates ${rates}.`, {
      ...(hint !== undefined && { hint }),
      details: { ...details, falls: account.falls },
    });
  }
  const to = good !== undefined && good.position.updates < progress.updates ? good : undefined;
  const fall: Fall = {
    epoch: progress.epoch + 1,
    batch: progress.batch,
    rate,
    cause,
    to: to?.position.epoch ?? 0,
  };
  if (to === undefined) {
    toStart();
    Object.assign(progress, startPosition(), { bestArrays: new Map(), good: undefined });
  } else {
    trainer.restore(to.arrays, to.position.pending);
    Object.assign(progress, structuredClone(to.position), { bestArrays: to.bestArrays });
  }
  progress.rate = { ...account, falls: [...account.falls, fall] };
  const text = `${message} It goes back to ${placeText(fall.to)} with a third of the learning rate, ${rateText(rateAfter(progress.rate))}.`;
  emit({ kind: "message", level: "warning", text });
}

/** A rate with three digits, as people write it. */
export function rateText(rate: number): string {
  return String(Number(rate.toPrecision(3)));
}

/** What a fall went back to, in a sentence. */
export function placeText(epochs: number): string {
  return epochs === 0 ? "the start" : `the end of epoch ${epochs}`;
}

/** Of which nothing changes when the training goes on. */
function positionOf({ epoch, batch, updates, pending, sum, watch, history, best }: Progress): Position {
  return structuredClone({ epoch, batch, updates, pending, sum, watch, history, best });
}

function copyOf(state: ReadonlyMap<string, NdArray>): ReadonlyMap<string, NdArray> {
  return new Map(
    [...state].map(([key, array]) => [key, { ...array, data: Float32Array.from(array.data as Float32Array) }]),
  );
}
