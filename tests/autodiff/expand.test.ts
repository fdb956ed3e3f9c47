import { describe, expect, it } from "vitest";
import type { NdArray } from "../../core/base/array.ts";
import { differentiate } from "../../core/autodiff/differentiate.ts";
import { expandTraining } from "../../core/autodiff/expand.ts";
import { floatAttribute } from "../../core/graph/attributes.ts";
import { graph, model, node, value } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import type { ValueFacts } from "../../core/ops/gradient.ts";
import { run } from "./backward.ts";

const FACTS: Readonly<Record<string, ValueFacts>> = {
  x: { type: "float64", dims: ["batch", 2, 3] },
  scale: { type: "float64", dims: [2] },
  bias: { type: "float64", dims: [2] },
  mean: { type: "float64", dims: [2] },
  variance: { type: "float64", dims: [2] },
  y: { type: "float64", dims: ["batch", 2, 3] },
};
const facts = (name: string): ValueFacts | undefined => FACTS[name];

const inputs = ["x", "scale", "bias", "mean", "variance"];

function withNorm(outputs: readonly string[], training = 1): Model {
  const attributes = { training_mode: training, momentum: floatAttribute(0.75), epsilon: floatAttribute(0.5) };
  return model(
    graph({
      inputs: inputs.map((name) => value(name, "float64", FACTS[name]!.dims)),
      outputs: outputs.map((name) => ({ name })),
      nodes: [node("BatchNormalization", [inputs, outputs], { attributes })],
    }),
  );
}

const array = (dims: readonly number[], ...numbers: number[]): NdArray => ({
  type: "float64",
  dims,
  data: Float64Array.from(numbers),
});

const feeds = {
  x: array([2, 2, 3], 1, 2, 3, 10, 10, 10, 4, 5, 9, 10, 10, 16),
  scale: array([2], 2, 1),
  bias: array([2], 0, -1),
  mean: array([2], 8, 3),
  variance: array([2], 4, 1),
};

describe("expanding batch normalisation in training mode", () => {
  it("normalises with the statistics of the batch and moves the running ones", async () => {
    const expanded = expandTraining(withNorm(["y", "newMean", "newVariance"]), facts);
    expect(expanded.graph.nodes.map((n) => n.op)).not.toContain("BatchNormalization");
    const found = await run(expanded, feeds);
    // Means 4 and 11, population variances 40/6 and 5.
    const numbers = (name: string): number[] => Array.from(found[name]!.data as Float64Array);
    // The attributes are float32: 0.75 and 0.5 are exact there.
    expect(numbers("newMean")).toEqual([7, 5]);
    numbers("newVariance").forEach((v, i) => expect(v).toBeCloseTo([3 + 40 / 24, 2][i]!, 12));
    expect(numbers("y")[0]).toBeCloseTo((2 * (1 - 4)) / Math.sqrt(40 / 6 + 0.5), 12);
    expect(numbers("y")[11]).toBeCloseTo((16 - 11) / Math.sqrt(5.5) - 1, 12);
  });

  it("shares the statistics between forward and backward", async () => {
    const { model: both, gradients } = differentiate(withNorm(["y"]), { from: { y: undefined }, to: inputs, facts });
    const outputs = [...both.graph.outputs, ...["x", "scale", "bias"].map((name) => ({ name: gradients.get(name)! }))];
    const expanded = expandTraining({ ...both, graph: { ...both.graph, outputs } }, facts);
    const count = (op: string): number => expanded.graph.nodes.filter((n) => n.op === op).length;
    expect([count("ReduceMean"), count("Sqrt"), count("Sub")]).toEqual([2, 1, 1]);
    const found = await run(expanded, feeds);
    // The sum of a normalised batch does not change with its input.
    for (const d of found[gradients.get("x")!]!.data as Float64Array) expect(d).toBeCloseTo(0, 12);
    expect(Array.from(found[gradients.get("bias")!]!.data as Float64Array)).toEqual([6, 6]);
  });

  it("leaves normalisation with given statistics alone", () => {
    const plain = withNorm(["y"], 0);
    expect(expandTraining(plain, facts).graph.nodes).toEqual(plain.graph.nodes);
  });

  it("says which value it knows too little of", () => {
    expect(() => expandTraining(withNorm(["y"]), () => undefined)).toThrow('The shape of "x" is not known.');
  });
});
