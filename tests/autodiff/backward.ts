import type { NdArray } from "../../core/base/array.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { differentiate } from "../../core/autodiff/differentiate.ts";
import type { Model } from "../../core/graph/model.ts";
import { findShapes } from "../../core/measure/shapes.ts";
import type { ValueFacts } from "../../core/ops/gradient.ts";
import { withSession } from "../../core/runtime/session.ts";

export type Arrays = Readonly<Record<string, NdArray>>;

export interface BackwardRequest {
  /** Value to start from → the name of the value that holds its gradient; undefined: ones. */
  readonly from: Readonly<Record<string, string | undefined>>;
  readonly to: readonly string[];
  /** Inputs of one call; their sizes are taken as fixed unless `batches` gives other ones. */
  readonly feeds: Arrays;
  /** Inputs for a number of samples, so that the batch stays symbolic. */
  readonly batches?: (batch: number) => Arrays;
}

/** A model whose outputs are its own and, named `gradients[value]`, the gradients that were asked for. */
export async function backwardModel(
  model: Model,
  { from, to, feeds, batches }: BackwardRequest,
): Promise<{ readonly model: Model; readonly gradients: ReadonlyMap<string, string> }> {
  const shapes = await findShapes(model, { host: nodeHost, feeds: batches ?? (() => feeds) });
  const facts = (value: string): ValueFacts | undefined => shapes.values.get(value);
  const made = differentiate(model, { from, to, facts });
  const { graph } = made.model;
  const outputs = [...graph.outputs, ...[...made.gradients.values()].map((name) => ({ name }))];
  const unique = outputs.filter((o, i) => outputs.findIndex((other) => other.name === o.name) === i);
  return { model: { ...made.model, graph: { ...graph, outputs: unique } }, gradients: made.gradients };
}

/** The outputs of a model, and under the names of `to` the gradients. */
export async function runBackward(
  model: Model,
  request: BackwardRequest,
): Promise<{ readonly outputs: Arrays; readonly gradients: Arrays }> {
  const backward = await backwardModel(model, request);
  const outputs = await run(backward.model, request.feeds);
  const gradients = [...backward.gradients].map(([value, name]) => [value, outputs[name]!] as const);
  return { outputs, gradients: Object.fromEntries(gradients) };
}

export function run(model: Model, feeds: Arrays): Promise<Arrays> {
  return withSession(model, { host: nodeHost, optimization: "basic" }, (session) => session.run(feeds));
}
