import type { Batch, SampleStream } from "../data/batches.ts";
import { augmentBatch } from "./augment/augment.ts";
import { mixBatch } from "./augment/mix.ts";
import type { TrainPlan } from "./plan.ts";
import { targetsOf } from "./targets.ts";
import type { Teach } from "./teacher.ts";
import type { StepFeeds, Trainer } from "./trainer.ts";

export interface FeedOptions {
  readonly plan: Pick<TrainPlan, "augment" | "views">;
  readonly training: SampleStream;
  readonly seed: number;
  readonly teach?: Teach;
}

/** Which batch of a training it is: complete epochs, and complete batches of this one. */
export interface BatchAt {
  readonly epoch: number;
  readonly batch: number;
}

/** Augments a batch and puts it and its targets under the names of the graph. */
export async function feedsOf(
  { plan, seed, training, teach }: FeedOptions,
  { graph }: Trainer,
  { batch, at }: { readonly batch: Batch; readonly at: BatchAt },
): Promise<StepFeeds> {
  const augment = plan.augment ?? {};
  const epoch = plan.views === undefined ? at.epoch : at.epoch % plan.views;
  const how = { seed, epoch, preprocessing: training.preprocessing };
  augmentBatch(batch, augment, how);
  const mixing = mixBatch(batch, augment, { ...how, batch: at.batch });
  const taught = (await teach?.(batch, { epoch: at.epoch, batch: at.batch })) ?? [];
  const targets = graph.heads.map((head, i) => [head.target, taught[i] ?? targetsOf(head, batch, mixing)] as const);
  return { [graph.inference.graph.inputs[0]?.name ?? ""]: batch.input, ...Object.fromEntries(targets) };
}
