import { LatheError } from "../../core/base/error.ts";
import type { NdArray } from "../../core/base/array.ts";
import { seededRandom } from "../../core/base/random.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { differentiate } from "../../core/autodiff/differentiate.ts";
import { node, tensorArray, value } from "../../core/graph/build.ts";
import { whyNotRunnable } from "../../core/graph/runnable.ts";
import type { Model } from "../../core/graph/model.ts";
import { feedsLike, findShapes, type FoundShapes } from "../../core/measure/shapes.ts";
import { readModel, loadTensors } from "../../core/onnx/read.ts";
import type { ValueFacts } from "../../core/ops/gradient.ts";
import { openSession } from "../../core/runtime/session.ts";
import { candidateParameters, frozenBy } from "../../core/train/parameters.ts";
import { settleModel } from "../../core/train/settle.ts";
import { upgradeOpset } from "../../core/transform/upgradeOpset.ts";
import { run, type Arrays } from "./backward.ts";
import { outputsOf } from "./goldenNets.ts";

export interface Outcome {
  /** "118 of 118 weights", or the reason why not. */
  readonly told: string;
  /** Distance of the slope along a random direction through all weights from the central difference, over its size. */
  readonly error?: number;
}

export interface Subject {
  /** Sizes of symbols. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** Factor on the random inputs of a net that saturates on them. */
  readonly loudness?: number;
}

/** Differentiates Σ outputs² of a model by all its weights, and checks one direction through them. */
export async function differentiateFile(path: string, subject: Subject = {}): Promise<Outcome> {
  try {
    return await differentiateModel(await loadTensors(await readModel(path, nodeHost), nodeHost), subject);
  } catch (error) {
    if (error instanceof LatheError) return { told: error.message };
    throw error;
  }
}

async function differentiateModel(read: Model, { sizes, loudness = 1 }: Subject): Promise<Outcome> {
  const reason = whyNotRunnable(read);
  if (reason !== undefined) return { told: reason };
  const settled = await settleModel(read, { host: nodeHost, ...(sizes && { sizes }) });
  const upgraded = upgradeOpset(settled);
  if ("reason" in upgraded) return { told: upgraded.reason };
  const { model } = upgraded;
  const weights = candidateParameters(model, frozenBy(model, []));
  if (weights.length === 0) return { told: "no float weights" };

  const shapes = await findShapes(model, { host: nodeHost, ...(sizes && { sizes }) });
  const { graph } = model;
  const random = seededRandom(11, "weights");
  const outputs = graph.outputs.filter((o) => shapes.values.get(o.name)?.type === "float32");
  const terms = outputs.map(({ name }) =>
    node("ReduceSumSquare", [[name], [`loss.of.${name}`]], { attributes: { keepdims: 0 } }),
  );
  const withLoss: Model = {
    ...model,
    graph: {
      ...graph,
      inputs: [...graph.inputs, ...weights.map((w) => value(w.name, w.type, w.dims))],
      initializers: graph.initializers.filter((t) => !weights.includes(t)),
      nodes: [...graph.nodes, ...terms, node("Sum", [terms.map((t) => t.outputs[0]!), ["the.loss"]])],
      outputs: [value("the.loss", "float32", [])],
    },
  };
  const known = (name: string): ValueFacts | undefined =>
    name.startsWith("loss.of.") || name === "the.loss" ? { type: "float32", dims: [] } : shapes.values.get(name);
  const names = weights.map((w) => w.name);
  const made = differentiate(withLoss, { from: { "the.loss": undefined }, to: names, facts: known });
  const feeds: Record<string, NdArray> = {};
  for (const [name, array] of Object.entries(inputsOf(shapes, model)))
    feeds[name] = array.data instanceof Float32Array ? { ...array, data: array.data.map((x) => x * loudness) } : array;
  for (const w of weights) feeds[w.name] = tensorArray(w);
  const found = await run(outputsOf(made.model, made.gradients.values()), feeds);

  const told = `${made.gradients.size} of ${weights.length} weights`;
  // Constants without a gradient are factors of Resize and the like.
  const directions = new Map(
    [...made.gradients.keys()].map((name) => {
      const data = feeds[name]!.data as Float32Array;
      const spread = Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length) || 1;
      return [name, data.map(() => random.normal() * spread)] as const;
    }),
  );
  let slope = 0;
  for (const [name, key] of made.gradients) {
    const gradient = found[key]!.data as Float32Array;
    const direction = directions.get(name)!;
    for (let i = 0; i < gradient.length; i++) slope += gradient[i]! * direction[i]!;
  }
  return { told, error: await slopeError({ model: withLoss, feeds, directions }, slope) };
}

interface Line {
  readonly model: Model;
  readonly feeds: Arrays;
  readonly directions: ReadonlyMap<string, Float32Array>;
}

/** The best agreement over some steps: short ones drown in rounding, long ones cross kinks. */
async function slopeError({ model, feeds, directions }: Line, slope: number): Promise<number> {
  const session = await openSession(model, { optimization: "none", threads: 2 }, nodeHost);
  const lossAt = async (step: number): Promise<number> => {
    const moved = [...directions].map(([name, direction]): [string, NdArray] => {
      const data = (feeds[name]!.data as Float32Array).map((x, i) => x + step * direction[i]!);
      return [name, { ...feeds[name]!, data }];
    });
    const found = await session.run({ ...feeds, ...Object.fromEntries(moved) });
    return Number(found["the.loss"]!.data[0]);
  };
  try {
    const errors: number[] = [];
    for (const step of [1e-2, 3e-3, 1e-3, 3e-4, 1e-4]) {
      const numeric = ((await lossAt(step)) - (await lossAt(-step))) / (2 * step);
      errors.push(Math.abs(slope - numeric) / Math.max(Math.abs(numeric), 1e-6));
    }
    return Math.min(...errors);
  } finally {
    await session.close();
  }
}

function inputsOf(shapes: FoundShapes, model: Model): Arrays {
  return feedsLike(
    shapes,
    model.graph.inputs.map((v) => v.name),
    { batch: 2, seed: 3 },
  );
}
