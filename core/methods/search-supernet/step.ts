import { elementCount, float32 } from "../../base/array.ts";
import type { Host } from "../../base/host.ts";
import { seededRandom } from "../../base/random.ts";
import { value } from "../../graph/build.ts";
import type { Model, Value } from "../../graph/model.ts";
import type { Feeds } from "../../measure/feeds.ts";
import { findShapes, type FoundShape, type FoundShapes } from "../../measure/shapes.ts";
import type { TrainPlan } from "../../train/plan.ts";
import type { Slot } from "../../train/slots.ts";
import { buildStep, type StepGraph } from "../../train/stepGraph.ts";
import type { ElasticNet } from "../../zoo/elastic.ts";
import type { StagedParams } from "../../zoo/staged.ts";

/** The state slot that holds what the subnet of the last run said: logits of the batch. */
export const ANSWERS = "logits/answers";

export interface ElasticStepOptions {
  readonly net: ElasticNet;
  /** Subnets that differ in everything that can differ. */
  readonly subnets: readonly StagedParams[];
  readonly plan: TrainPlan;
  readonly batch: number;
  readonly host: Host;
  readonly signal: AbortSignal;
}

/**
 * The training step of a supernet: one graph, which is told by its bounds what subnet to train. Sizes that differ between
 * subnets are left to the run, so gradients have the sizes of the subnet as well. Batch normalisations use the statistics
 * of the batch; each subnet gets running ones when it is taken out.
 */
export async function buildElasticStep(options: ElasticStepOptions): Promise<StepGraph> {
  const { net, subnets, plan, batch, host, signal } = options;
  const shapes = async (model: Model): Promise<FoundShapes> => {
    const found: FoundShapes[] = [];
    for (const subnet of subnets) {
      const feeds = (samples: number): Feeds => ({ ...dataFeeds(model, samples), ...net.bounds(subnet, samples) });
      found.push(await findShapes(model, { host, signal, feeds }));
    }
    return inCommon(found);
  };
  const step = await buildStep(net.model, { ...plan, batchStatistics: true }, { host, signal, shapes });
  return withAnswers(step, batch);
}

function dataFeeds({ graph }: Model, samples: number): Feeds {
  const random = seededRandom(0, "shapes");
  const data = graph.inputs.filter((v) => v.type?.kind === "tensor" && v.type.type === "float32");
  return Object.fromEntries(
    data.map((v) => {
      const dims = sizesOf(v, samples);
      return [v.name, float32(dims, Float32Array.from({ length: elementCount(dims) }, random.next))];
    }),
  );
}

function sizesOf({ type }: Value, samples: number): readonly number[] {
  const dims = type?.kind === "tensor" ? (type.dims ?? []) : [];
  return dims.map(({ size }) => (typeof size === "number" ? size : samples));
}

/** Sizes that are the same for all; "?" for the others. */
function inCommon(found: readonly FoundShapes[]): FoundShapes {
  const [first, ...others] = found as [FoundShapes, ...FoundShapes[]];
  const merged = [...first.values].map(([name, shape]): [string, FoundShape] => {
    const isSame = (d: number | string, axis: number): boolean =>
      others.every(({ values }) => values.get(name)?.dims[axis] === d);
    return [name, { ...shape, dims: shape.dims.map((d, axis) => (isSame(d, axis) ? d : "?")) }];
  });
  return { values: new Map(merged), samples: first.samples };
}

/** The same step, whose logits are kept where a checkpoint and the caller find them. */
function withAnswers(step: StepGraph, batch: number): StepGraph {
  const [head] = step.heads;
  const output = head?.output ?? "";
  const dims = [batch, head?.classes ?? 0];
  const slot: Slot = Object.freeze({ key: ANSWERS, kind: "statistic", of: output, input: ANSWERS, dims, start: 0 });
  const { graph } = step.batch.model;
  const model: Model = Object.freeze({
    ...step.batch.model,
    graph: Object.freeze({ ...graph, outputs: [...graph.outputs, value(output, "float32", dims)] }),
  });
  const writes = new Map([...step.batch.writes, [output, slot] as const]);
  return Object.freeze({ ...step, slots: [...step.slots, slot], batch: { ...step.batch, model, writes } });
}
