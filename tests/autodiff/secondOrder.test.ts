import { describe, expect, it } from "vitest";
import { elementCount, type NdArray } from "../../core/base/array.ts";
import { seededRandom } from "../../core/base/random.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { differentiate } from "../../core/autodiff/differentiate.ts";
import { expandTraining } from "../../core/autodiff/expand.ts";
import { directional } from "../../core/autodiff/directional.ts";
import { node, tensorArray, value } from "../../core/graph/build.ts";
import type { Model, Node } from "../../core/graph/model.ts";
import { findShapes } from "../../core/measure/shapes.ts";
import type { ValueFacts } from "../../core/ops/gradient.ts";
import { run, type Arrays } from "./backward.ts";
import { inferenceForm, loadGolden, outputsOf } from "./goldenNets.ts";

interface Net {
  readonly model: Model;
  readonly feeds: Arrays;
  readonly weights: readonly string[];
}

/** One of the golden nets with its weights as inputs and loss = Σ softplus(y), without kinks that a step may cross. */
async function load(name: string): Promise<Net> {
  const { model, x, gradients } = await loadGolden(name);
  const weights = [...gradients.keys()].filter((key) => key !== "x");
  const { graph } = model;
  const given = graph.initializers.filter((t) => weights.includes(t.name));
  const feeds: Record<string, NdArray> = { x };
  for (const t of given) feeds[t.name] = tensorArray(t);
  return {
    model: {
      ...model,
      graph: {
        ...graph,
        inputs: [...graph.inputs, ...given.map((t) => value(t.name, t.type, t.dims))],
        initializers: graph.initializers.filter((t) => !weights.includes(t.name)),
        nodes: [
          ...graph.nodes.map(smooth),
          node("Softplus", [["y"], ["loss.each"]]),
          node("ReduceSum", [["loss.each"], ["loss"]], { attributes: { keepdims: 0 } }),
        ],
        outputs: [value("loss", "float32", [])],
      },
    },
    feeds,
    weights,
  };
}

const SMOOTH: Readonly<Record<string, string>> = {
  Relu: "Tanh",
  Clip: "Tanh",
  HardSwish: "Softplus",
  HardSigmoid: "Sigmoid",
  PRelu: "Mul",
};

/** An op with kinks replaced by one without. */
function smooth(found: Node): Node {
  const op = SMOOTH[found.op];
  if (op === undefined) return found;
  return { ...found, op, attributes: {}, inputs: op === "Mul" ? found.inputs : found.inputs.slice(0, 1) };
}

async function factsOf(model: Model, feeds: Arrays): Promise<(name: string) => ValueFacts | undefined> {
  const shapes = await findShapes(model, { host: nodeHost, feeds: () => feeds });
  return (name) => shapes.values.get(name);
}

/** ‖a − b‖ / ‖b‖ over all arrays. */
function relativeError(a: readonly Float64Array[], b: readonly Float64Array[]): number {
  let [error, size] = [0, 0];
  for (const [i, right] of b.entries()) {
    for (const [k, y] of right.entries()) {
      error += (a[i]![k]! - y) ** 2;
      size += y ** 2;
    }
  }
  return Math.sqrt(error / size);
}

const numbers = (array: NdArray): Float64Array => Float64Array.from(array.data as Float32Array);

describe("Hessian-vector products meet differences of gradients", () => {
  it.each(["residual", "residualTraining", "inverted", "decoder", "vision", "causal", "gru"])("%s", async (name) => {
    const { model, feeds, weights } = await load(name);
    const known = await factsOf(inferenceForm(model), feeds);
    const made = differentiate(model, { from: { loss: undefined }, to: weights, facts: known });
    // Batch norm in training mode runs, and is differentiated again, as the ops that it stands for.
    const plain = expandTraining(outputsOf(made.model, made.gradients.values()), known);
    const first = { model: plain, gradients: made.gradients };
    const slope = directional(first, known);
    const random = seededRandom(5, name);
    const along = new Map(
      weights.map((w): [string, NdArray] => {
        const { type, dims } = feeds[w]!;
        const data = Float32Array.from({ length: elementCount(dims) }, () => random.normal() * 0.3);
        return [w, { type, dims, data }];
      }),
    );
    const fed: Arrays = {
      ...feeds,
      ...Object.fromEntries([...along].map(([w, array]) => [slope.directions.get(w)!, array])),
    };
    const facts = await factsOf(slope.model, fed);
    const second = differentiate(slope.model, { from: { [slope.slope]: undefined }, to: weights, facts });
    const found = await run(outputsOf(second.model, second.gradients.values()), fed);
    const products = weights.map((w) => {
      const key = second.gradients.get(w);
      return key === undefined ? new Float64Array(elementCount(feeds[w]!.dims)) : numbers(found[key]!);
    });

    const gradientModel = outputsOf(first.model, first.gradients.values());
    const gradientAt = async (step: number): Promise<Float64Array[]> => {
      const moved = weights.map((w): [string, NdArray] => {
        const direction = along.get(w)!.data as Float32Array;
        const data = (feeds[w]!.data as Float32Array).map((x, i) => x + step * direction[i]!);
        return [w, { ...feeds[w]!, data }];
      });
      const at = await run(gradientModel, { ...feeds, ...Object.fromEntries(moved) });
      return weights.map((w) => numbers(at[first.gradients.get(w)!]!));
    };
    const STEP = 2e-3;
    const [up, down] = [await gradientAt(STEP), await gradientAt(-STEP)];
    const differences = up.map((g, i) => g.map((x, k) => (x - down[i]![k]!) / (2 * STEP)));
    expect(relativeError(products, differences)).toBeLessThan(5e-3);
  });
});
