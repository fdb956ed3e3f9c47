import { describe, expect, it } from "vitest";
import type { NdArray } from "../../core/base/array.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { differentiate } from "../../core/autodiff/differentiate.ts";
import { expandTraining } from "../../core/autodiff/expand.ts";
import { tensor } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import { findShapes } from "../../core/measure/shapes.ts";
import type { ValueFacts } from "../../core/ops/gradient.ts";
import { run } from "./backward.ts";
import { inferenceForm, loadGolden, outputsOf } from "./goldenNets.ts";

/** Largest distance over the largest magnitude of the expectation; a bias before a normalisation has only noise. */
function distance(actual: NdArray, expected: NdArray): number {
  const [a, b] = [actual.data as Float32Array, expected.data as Float32Array];
  const scale = b.reduce((peak, x) => Math.max(peak, Math.abs(x)), 0.3);
  return a.reduce((worst, x, i) => Math.max(worst, Math.abs(x - b[i]!)), 0) / scale;
}

describe("whole nets meet PyTorch's gradients", () => {
  const nets = ["residual", "residualTraining", "inverted", "vision", "lstm", "gru", "decoder", "causal"];
  it.each(nets)("%s", async (name) => {
    const { model, x, y, dy, gradients } = await loadGolden(name);
    const seeded: Model = {
      ...model,
      graph: { ...model.graph, initializers: [...model.graph.initializers, tensor("dy", dy)] },
    };
    const shapes = await findShapes(inferenceForm(seeded), { host: nodeHost, feeds: () => ({ x }) });
    const facts = (value: string): ValueFacts | undefined => shapes.values.get(value);
    const made = differentiate(seeded, { from: { y: "dy" }, to: [...gradients.keys()], facts });
    const whole = expandTraining(outputsOf(made.model, ["y", ...made.gradients.values()]), facts);
    const found = await run(whole, { x });

    expect(distance(found["y"]!, y), "the output").toBeLessThan(1e-5);
    expect([...made.gradients.keys()].sort()).toEqual([...gradients.keys()].sort());
    for (const [value, expected] of gradients) {
      const gradient = found[made.gradients.get(value)!]!;
      expect(gradient.dims, value).toEqual(expected.dims);
      expect(distance(gradient, expected), `the gradient of ${value}`).toBeLessThan(2e-5);
    }
  });
});
