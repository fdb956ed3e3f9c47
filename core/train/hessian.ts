import { elementCount, toFloat32, type NdArray } from "../base/array.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import { LatheError } from "../base/error.ts";
import type { Host } from "../base/host.ts";
import { seededRandom } from "../base/random.ts";
import type { Emit } from "../contract/event.ts";
import type { SampleStream } from "../data/batches.ts";
import { differentiate } from "../autodiff/differentiate.ts";
import { directional } from "../autodiff/directional.ts";
import { startDraft } from "../autodiff/writer.ts";
import { removeDeadNodes } from "../graph/edit.ts";
import type { Model } from "../graph/model.ts";
import { sortNodes } from "../graph/order.ts";
import { shareNodes } from "../graph/share.ts";
import { findShapes, type FoundShapes } from "../measure/shapes.ts";
import type { ValueFacts } from "../ops/gradient.ts";
import { withSession, type SessionOptions } from "../runtime/session.ts";
import { addLosses, type Head } from "./heads.ts";
import { targetsOf } from "./targets.ts";

export interface TraceOptions {
  /** Names of float32 constants. */
  readonly weights: readonly string[];
  /** Labelled samples; the Hessian is that of their mean cross-entropy. */
  readonly stream: SampleStream;
  /** Samples in a call; second derivatives take several times the memory of training. */
  readonly batch: number;
  /** Random directions for each batch. */
  readonly probes: number;
  readonly seed: number;
  readonly session: SessionOptions;
  readonly host: Host;
  readonly signal: AbortSignal;
  readonly emit?: Emit;
}

export interface HessianTrace {
  readonly trace: number;
  /** Standard error of the estimate, from the spread of the probes. */
  readonly error: number;
  /** Elements of the weight. */
  readonly elements: number;
}

/**
 * Traces of the diagonal blocks of the loss's Hessian, one per weight, after Hutchinson: E[vᵀ·H·v] with v of random signs
 * is the trace, and of the whole product only the block's own part has a mean that is not zero. H·v comes from
 * differentiating twice (Dong et al. 2020, "HAWQ-V2", §3.1).
 * @param model in inference form, constants in memory, one input
 * @throws unsupported where an op has no second derivative; invalid-data without labels
 */
export async function hessianTraces(model: Model, options: TraceOptions): Promise<ReadonlyMap<string, HessianTrace>> {
  checkLabels(options);
  const products = await writeProducts(model, options, "sum");
  const found = new Map(products.terms.map(({ weight }) => [weight, [] as number[]]));
  await runProducts(products, options, (weight, curvature) => found.get(weight)!.push(Number(curvature.data[0])));
  return new Map(products.terms.map(({ weight, dims }) => [weight, summary(weight, found.get(weight)!, dims)]));
}

/**
 * Diagonals of the loss's Hessian, one value per element of each weight: the mean of v ⊙ (H·v) over batches and random
 * signs v (Bekas et al. 2007, "An estimator for the diagonal of a matrix"). Noisy where blocks are far from diagonal.
 * @param model in inference form, constants in memory, one input
 * @throws unsupported where an op has no second derivative; invalid-data without labels
 */
export async function hessianDiagonals(
  model: Model,
  options: TraceOptions,
): Promise<ReadonlyMap<string, Float64Array>> {
  checkLabels(options);
  const products = await writeProducts(model, options, "elements");
  const sums = new Map(products.terms.map(({ weight, dims }) => [weight, new Float64Array(elementCount(dims))]));
  const count = await runProducts(products, options, (weight, curvature) => {
    const sum = sums.get(weight)!;
    toFloat32(curvature).forEach((x, i) => (sum[i] = sum[i]! + x));
  });
  for (const sum of sums.values()) for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! / Math.max(1, count);
  return sums;
}

/** Hands out what each product gives for each weight. Gives the number of products. */
async function runProducts(
  products: Products,
  { stream, probes, seed, session, host, signal, emit, ...options }: TraceOptions,
  visit: (weight: string, curvature: NdArray) => void,
): Promise<number> {
  const random = seededRandom(seed, "hessian");
  let done = 0;
  await withSession(products.model, { ...session, host, memoryPattern: false }, async (open) => {
    const size = Math.min(options.batch, stream.count);
    const total = Math.floor(stream.count / size) * probes;
    for await (const batch of stream.batches(size, signal)) {
      // A smaller last batch would count for more.
      if (batch.indices.length < size) continue;
      const data = { [products.input]: batch.input, [products.head.target]: targetsOf(products.head, batch) };
      for (let probe = 0; probe < probes; probe++) {
        throwIfCancelled(signal);
        const directions = products.terms.map(({ direction, dims }) => [direction, signs(dims, random.next)] as const);
        const results = await open.run({ ...data, ...Object.fromEntries(directions) });
        for (const { weight, curvature } of products.terms) visit(weight, results[curvature]!);
        emit?.({ kind: "progress", done: ++done, total, unit: "products" });
      }
    }
  });
  return done;
}

function summary(weight: string, values: readonly number[], dims: readonly number[]): HessianTrace {
  const trace = values.reduce((sum, x) => sum + x, 0) / values.length;
  if (!Number.isFinite(trace)) {
    throw new LatheError("numeric", `The Hessian's trace of "${weight}" is "${trace}".`, {
      hint: "Choose another sensitivity: kl.",
    });
  }
  const spread = values.reduce((sum, x) => sum + (x - trace) ** 2, 0) / Math.max(1, values.length - 1);
  return { trace, error: Math.sqrt(spread / values.length), elements: elementCount(dims) };
}

function checkLabels({ stream }: TraceOptions): void {
  if (stream.classes !== undefined && stream.count > 0) return;
  throw new LatheError("invalid-data", "The Hessian is that of the loss, and there are no labelled samples.", {
    hint: "Choose a sensitivity that needs no labels: kl.",
  });
}

/** ±1 with equal chance (Rademacher). */
function signs(dims: readonly number[], next: () => number): NdArray {
  const data = new Float32Array(elementCount(dims));
  for (let i = 0; i < data.length; i++) data[i] = next() < 0.5 ? -1 : 1;
  return { type: "float32", dims, data };
}

interface Products {
  /** Outputs: for each weight vᵀ·(H·v) of its block, or v ⊙ (H·v). */
  readonly model: Model;
  readonly input: string;
  readonly head: Head;
  readonly terms: readonly {
    readonly weight: string;
    readonly dims: readonly number[];
    readonly direction: string;
    readonly curvature: string;
  }[];
}

/** The graph that makes products with the Hessian: loss, gradient, slope along a direction, and its gradient. */
async function writeProducts(
  model: Model,
  { weights, host, signal }: TraceOptions,
  form: "sum" | "elements",
): Promise<Products> {
  const facts =
    (shapes: FoundShapes) =>
    (name: string): ValueFacts | undefined =>
      shapes.values.get(name);
  const loss = addLosses(
    model,
    [{ loss: { kind: "cross-entropy" }, target: "classes" }],
    await findShapes(model, { host, signal }),
  );
  const first = facts(await findShapes(loss.model, { host, signal }));
  const gradient = differentiate(loss.model, { from: { [loss.total]: undefined }, to: weights, facts: first });
  const slope = directional(gradient, first);
  const known = facts(await findShapes(slope.model, { host, signal }));
  const second = differentiate(slope.model, { from: { [slope.slope]: undefined }, to: weights, facts: known });
  const draft = startDraft(second.model.graph, { opset: model.opsets[""] ?? 0, facts: known, prefix: "curvature" });
  const terms = [...slope.directions].flatMap(([weight, direction]) => {
    const product = second.gradients.get(weight);
    // A loss that is linear in a weight has no curvature there.
    if (product === undefined) return [];
    const elements = draft.op("Mul", [product, direction]);
    const curvature = form === "elements" ? elements : draft.op("ReduceSum", [elements], { keepdims: 0 });
    return [{ weight, dims: dimsOf(weight, known), direction, curvature }];
  });
  const { graph } = second.model;
  const open = removeDeadNodes({
    ...graph,
    outputs: terms.map(({ curvature }) => ({ name: curvature })),
    nodes: sortNodes([...graph.nodes, ...draft.nodes]),
    initializers: [...graph.initializers, ...draft.initializers],
    values: [],
  });
  const products = Object.freeze({ ...second.model, graph: shareNodes(open) });
  return { model: products, input: model.graph.inputs[0]?.name ?? "", head: loss.heads[0]!, terms };
}

function dimsOf(weight: string, facts: (name: string) => ValueFacts | undefined): readonly number[] {
  return (facts(weight)?.dims ?? []).map(Number);
}
