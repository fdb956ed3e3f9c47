import { nodeHost } from "../../core/app/nodeHost.ts";
import { hash } from "../../core/base/hash.ts";
import type { ProgressEvent } from "../../core/contract/event.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import type { TrainPlan } from "../../core/train/plan.ts";
import { train, type TrainOptions, type TrainResult } from "../../core/train/train.ts";
import { smallNet } from "./models.ts";
import { stripes } from "./pictures.ts";

export const PLAN: TrainPlan = {
  heads: [{ loss: { kind: "cross-entropy" } }],
  optimizer: { kind: "sgd", nesterov: true, weightDecay: 5e-4 },
  epochs: 2,
  batch: 32,
  rate: 0.1,
  schedule: { kind: "cosine" },
};

export interface Ran extends TrainResult {
  /** SHA-256 of the model's bytes. */
  readonly bytes: string;
  readonly events: readonly ProgressEvent[];
}

/** Trains the small net on 256 stripes, unless told otherwise. */
export async function run(plan: Partial<TrainPlan> = {}, options: Partial<TrainOptions> = {}): Promise<Ran> {
  const events: ProgressEvent[] = [];
  const { emit, ...rest } = options;
  const result = await train({
    model: smallNet({ classes: 4 }),
    plan: { ...PLAN, ...plan },
    training: stripes(256),
    validation: stripes(128, 2),
    seed: 1,
    session: { threads: 1 },
    host: nodeHost,
    signal: new AbortController().signal,
    emit: (event) => {
      events.push(event);
      emit?.(event);
    },
    ...rest,
  });
  return { ...result, bytes: hash(encodeModel(result.model)), events };
}
