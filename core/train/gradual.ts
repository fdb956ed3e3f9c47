import { toFloat32 } from "../base/array.ts";
import { LatheError } from "../base/error.ts";
import type { UpdateAt } from "./train.ts";
import type { Trainer } from "./trainer.ts";

/** When a training makes its weights sparser. */
export interface Ramp {
  /** Shares of the training at which the first weights go and at which all have gone. */
  readonly start: number;
  readonly end: number;
  /** Updates from one new mask to the next. */
  readonly every: number;
}

/**
 * How far the way to the final sparsity is at an update: 1 − (1 − t)³, fast while there is much to choose from and slow
 * towards the end (Zhu and Gupta 2017). Undefined where the masks stay as they are.
 */
export function rampAt({ start, end, every }: Ramp, { update, of }: UpdateAt): number | undefined {
  const [first, last] = [Math.floor(start * of), Math.max(0, Math.min(of - 1, Math.floor(end * of)))];
  if (update < first || update > last) return undefined;
  if (update === last) return 1;
  if ((update - first) % every !== 0) return undefined;
  return 1 - (1 - (update - first) / (last - first)) ** 3;
}

/** What a training holds of one weight: its values now and, where it is scored, its movement. */
export interface WeightState {
  readonly values: Float32Array;
  readonly movement: Float32Array | undefined;
}

/**
 * A hook for `train` that renews masks along a ramp. They follow from the state alone, so that resuming is exact.
 * @param masksAt masks for a share of the way, from what the training holds
 */
export function gradualMasks(
  ramp: Ramp,
  masksAt: (share: number, state: (weight: string) => WeightState) => ReadonlyMap<string, Float32Array>,
): (trainer: Trainer, at: UpdateAt) => void {
  return (trainer, at) => {
    const share = rampAt(ramp, at);
    if (share === undefined) return;
    const state = trainer.state();
    const masks = masksAt(share, (weight) => {
      const [values, movement] = [state.get(weight), state.get(`${weight}/score`)];
      if (values === undefined) throw new LatheError("internal", `The training has no weight "${weight}".`);
      return { values: toFloat32(values), movement: movement && toFloat32(movement) };
    });
    for (const [weight, mask] of masks) trainer.setMask(weight, mask);
  };
}
