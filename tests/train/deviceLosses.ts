import { nodeHost } from "../../core/app/nodeHost.ts";
import type { ProviderName } from "../../core/contract/device.ts";
import { answer } from "../../core/runtime/child.ts";
import type { TrainPlan } from "../../core/train/plan.ts";
import { run } from "./run.ts";

export interface DeviceTask {
  readonly provider: ProviderName;
  readonly plan: Partial<TrainPlan>;
}

export interface DeviceAnswer {
  /** Loss of each batch. */
  readonly losses: readonly number[];
  /** Share of the validation samples that are right after each epoch. */
  readonly accuracies: readonly (number | undefined)[];
}

/** Trains the small net on one device, in a process of its own: a driver that crashes takes nothing else down. */
answer(async ({ provider, plan }: DeviceTask): Promise<DeviceAnswer> => {
  let now = 0;
  // Reports come a few times a second; on this clock every batch is one.
  const clock = { ...nodeHost.clock, milliseconds: () => (now += 1000) };
  const options = { session: { threads: 1, provider }, host: { ...nodeHost, clock } };
  const { events, history } = await run(plan, options);
  return {
    losses: events.flatMap((e) => (e.kind === "metric" && e.name === "loss" ? [e.value] : [])),
    accuracies: history.map((h) => h.accuracy),
  };
});
