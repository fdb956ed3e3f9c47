import type { TrainPlan } from "../../core/train/plan.ts";
import type { TrainOptions } from "../../core/train/train.ts";
import { smallNet } from "./models.ts";

interface Training {
  readonly plan: Partial<TrainPlan>;
  readonly options: Partial<TrainOptions>;
}

const unnormalised = smallNet({ classes: 4, batchNorm: false });
const squares = [{ loss: { kind: "mse" }, target: "probabilities" }] as const;

/** Trainings of the small net that tests stop and kill. */
export const TRAININGS = {
  plain: { plan: { augment: { crop: 1, flip: true } }, options: {} },
  /** Diverges in its fourth batch, and goes back to the start. */
  early: { plan: { heads: squares, epochs: 4, rate: 4 }, options: { model: unnormalised } },
  /** Diverges in its third epoch, where the rate is highest, and goes back to the end of the first. */
  late: {
    plan: { heads: squares, epochs: 4, rate: 4, schedule: { kind: "one-cycle", warmup: 0.6 } },
    options: { model: unnormalised },
  },
  measured: { plan: { rate: "auto" }, options: {} },
} as const satisfies Readonly<Record<string, Training>>;
