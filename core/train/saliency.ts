import { toFloat32 } from "../base/array.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import { LatheError } from "../base/error.ts";
import type { Host } from "../base/host.ts";
import { seededRandom } from "../base/random.ts";
import type { SampleStream } from "../data/batches.ts";
import type { Model } from "../graph/model.ts";
import type { SessionOptions } from "../runtime/session.ts";
import { fixedBatch, freeBatch } from "./freeBatch.ts";
import type { HeadSpec } from "./heads.ts";
import { buildStep } from "./stepGraph.ts";
import { targetsOf } from "./targets.ts";
import { startTrainer } from "./trainer.ts";

export interface GradientOptions {
  /** Labelled samples, of which some are drawn. */
  readonly training: SampleStream;
  /** Samples in a batch, and most batches that are looked at. */
  readonly batch: number;
  readonly batches: number;
  readonly heads: readonly HeadSpec[];
  readonly seed: number;
  readonly session: SessionOptions;
  readonly host: Host;
  readonly signal: AbortSignal;
}

/**
 * Mean gradient of the loss with respect to each weight over some batches, with the weights as they are and batch
 * norms as in inference.
 * @param model constants in memory
 * @throws invalid-data where there are fewer samples than a batch has
 */
export async function meanGradients(
  model: Model,
  options: GradientOptions,
): Promise<ReadonlyMap<string, Float32Array>> {
  const sums = new Map<string, Float32Array>();
  const count = await eachGradient(model, options, (gradients) => {
    for (const [weight, gradient] of gradients) {
      const sum = sums.get(weight);
      if (sum === undefined) sums.set(weight, gradient.slice());
      else for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + gradient[i]!;
    }
  });
  return new Map([...sums].map(([weight, sum]) => [weight, sum.map((g) => g / count)] as const));
}

/**
 * Hands out the gradient of the loss with respect to each weight for one batch after the other, as `meanGradients` takes
 * them. Gives the number of batches.
 * @throws invalid-data where there are fewer samples than a batch has
 */
export async function eachGradient(
  model: Model,
  { training, batches, heads, seed, session, host, signal, ...options }: GradientOptions,
  visit: (gradients: ReadonlyMap<string, Float32Array>) => void,
): Promise<number> {
  const free = (await freeBatch(model, { host, signal })) ?? model;
  const batch = fixedBatch(free) ?? Math.min(options.batch, training.count);
  const count = Math.min(batches, Math.floor(training.count / Math.max(1, batch)));
  if (count === 0) {
    throw new LatheError("invalid-data", `There are "${training.count}" samples, fewer than a batch.`, {
      hint: "Import more samples, or give the train split a larger share.",
    });
  }
  // Gradients of two batches make an update, and after each one they are forgotten: the weights never change.
  const accumulate = 2;
  const plan = { heads, optimizer: { kind: "sgd" }, accumulate, freezeStatistics: true, dropout: false } as const;
  const graph = await buildStep(free, plan, { host, signal });
  const trainer = await startTrainer(graph, { ...session, host });
  try {
    const drawn = seededRandom(seed, "gradients")
      .shuffle(Array.from(training.indices))
      .slice(0, count * batch);
    const slots = graph.slots.filter((slot) => slot.kind === "gradient");
    for await (const part of training.select(Int32Array.from(drawn)).batches(batch, signal, true)) {
      throwIfCancelled(signal);
      const targets = graph.heads.map((head) => [head.target, targetsOf(head, part)] as const);
      const input = graph.inference.graph.inputs[0]?.name ?? "";
      await trainer.step({ [input]: part.input, ...Object.fromEntries(targets) }, { rate: 0, step: 1 });
      const state = trainer.state();
      visit(new Map(slots.map((s) => [s.of, toFloat32(state.get(s.key)!).map((g) => g * accumulate)] as const)));
      trainer.restore(state, 0);
    }
    return count;
  } finally {
    await trainer.close();
  }
}
