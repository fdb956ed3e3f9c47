import { toFloat32 } from "../base/array.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import type { Host } from "../base/host.ts";
import { expandTraining } from "../autodiff/expand.ts";
import type { SampleStream } from "../data/batches.ts";
import { floatAttribute } from "../graph/attributes.ts";
import { float32 } from "../base/array.ts";
import { removeDeadNodes } from "../graph/edit.ts";
import type { Model, Node } from "../graph/model.ts";
import { findShapes } from "../measure/shapes.ts";
import type { ValueFacts } from "../ops/gradient.ts";
import { withSession, type SessionOptions } from "../runtime/session.ts";
import { trainBatchNorms } from "./batchNorm.ts";
import { fixedBatch } from "./freeBatch.ts";
import type { Frozen } from "./parameters.ts";
import { withConstants } from "./trainer.ts";

export interface RecalibrateOptions {
  readonly stream: SampleStream;
  readonly batch: number;
  /** Most batches that are looked at. */
  readonly batches: number;
  /** Batch normalisations, by the names of their nodes, that go on with the statistics that they have; default: none. */
  readonly isKept?: Frozen;
  readonly session: SessionOptions;
  readonly host: Host;
  readonly signal: AbortSignal;
}

/**
 * Estimates the running statistics of batch normalisations anew: means over batches that are normalised with their own
 * statistics. What a pruned or rounded layer gives has another mean and variance than what was recorded of it.
 * The model itself where it has no such statistics.
 * @param model in inference form, one input, constants in memory
 */
export async function recalibrate(model: Model, options: RecalibrateOptions): Promise<Model> {
  const { stream, isKept = () => false, session, host, signal } = options;
  const { model: training, statistics } = trainBatchNorms(model, isKept);
  if (statistics.length === 0) return model;
  const { values } = await findShapes(model, { host, signal });
  const kept = new Map(statistics.map(({ name, next }) => [next, name]));
  const facts = (name: string): ValueFacts | undefined => values.get(kept.get(name) ?? name);
  const nodes = training.graph.nodes.map(withoutMemory);
  const watched = { ...training.graph, nodes, outputs: statistics.map(({ next }) => ({ name: next })) };
  const expanded = expandTraining({ ...training, graph: watched }, facts);
  const sums = new Map(statistics.map(({ name }) => [name, new Float64Array(sizeOf(values.get(name)?.sizes))]));
  let count = 0;
  await withSession({ ...expanded, graph: removeDeadNodes(expanded.graph) }, { ...session, host }, async (open) => {
    const size = fixedBatch(model) ?? Math.min(options.batch, Math.max(1, stream.count));
    for await (const batch of stream.batches(size, signal, true)) {
      throwIfCancelled(signal);
      if (batch.indices.length < size || count === options.batches) break;
      const found = await open.run({ [open.inputs[0]?.name ?? ""]: batch.input });
      for (const { name, next } of statistics) {
        const sum = sums.get(name)!;
        toFloat32(found[next]!).forEach((x, i) => (sum[i]! += x));
      }
      count++;
    }
  });
  if (count === 0) return model;
  const means = [...sums].map(
    ([name, sum]) =>
      [
        name,
        float32(
          [sum.length],
          Float32Array.from(sum, (x) => x / count),
        ),
      ] as const,
  );
  return withConstants(model, new Map(means));
}

const sizeOf = (sizes: readonly number[] | undefined): number => sizes?.[0] ?? 0;

/** The statistics that come out of a batch normalisation in training form are those of the batch alone. */
function withoutMemory(node: Node): Node {
  if (node.attributes["training_mode"] === undefined) return node;
  return { ...node, attributes: { ...node.attributes, momentum: floatAttribute(0) } };
}
