import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { arrayFromBytes, type NdArray } from "../../core/base/array.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { differentiate } from "../../core/autodiff/differentiate.ts";
import { expandTraining } from "../../core/autodiff/expand.ts";
import { tensor } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import { findShapes } from "../../core/measure/shapes.ts";
import type { ValueFacts } from "../../core/ops/gradient.ts";
import { decodeModel } from "../../core/onnx/decode.ts";
import { foldIntegers } from "../../core/runtime/foldIntegers.ts";
import { run, type Arrays } from "./backward.ts";

interface Packed {
  readonly type: "float32" | "int64";
  readonly dims: readonly number[];
  readonly data: string;
}

interface Golden {
  readonly torch: string;
  readonly x: Packed;
  readonly y: Packed;
  readonly dy: Packed;
  readonly gradients: Readonly<Record<string, Packed>>;
}

const FOLDER = resolve(import.meta.dirname, "golden");

const unpack = ({ type, dims, data }: Packed): NdArray =>
  arrayFromBytes(type, dims, Uint8Array.from(Buffer.from(data, "base64")));

async function load(name: string): Promise<{ readonly model: Model; readonly golden: Golden }> {
  const golden = JSON.parse(readFileSync(`${FOLDER}/${name}.json`, "utf8")) as Golden;
  const model = await decodeModel(readFileSync(`${FOLDER}/${name}.onnx`));
  // Exporters compute pads and shapes from constants, which the rules want to know.
  return { model: await foldIntegers(model, nodeHost), golden };
}

/** The model with batch norms over running statistics, which the runtime can run and which has the same shapes. */
function inferenceForm(model: Model): Model {
  const nodes = model.graph.nodes.map((n) =>
    n.op === "BatchNormalization" ? { ...n, attributes: {}, outputs: n.outputs.slice(0, 1) } : n,
  );
  return { ...model, graph: { ...model.graph, nodes } };
}

/** Largest distance over the largest magnitude of the expectation; a bias before a normalisation has only noise. */
function distance(actual: NdArray, expected: NdArray): number {
  const [a, b] = [actual.data as Float32Array, expected.data as Float32Array];
  const scale = b.reduce((peak, x) => Math.max(peak, Math.abs(x)), 0.3);
  return a.reduce((worst, x, i) => Math.max(worst, Math.abs(x - b[i]!)), 0) / scale;
}

describe("whole nets meet PyTorch's gradients", () => {
  const nets = ["residual", "residualTraining", "inverted", "vision", "lstm", "gru", "decoder", "causal"];
  it.each(nets)("%s", async (name) => {
    const { model, golden } = await load(name);
    const feeds: Arrays = { x: unpack(golden.x) };
    const seeded: Model = {
      ...model,
      graph: { ...model.graph, initializers: [...model.graph.initializers, tensor("dy", unpack(golden.dy))] },
    };
    const shapes = await findShapes(inferenceForm(seeded), { host: nodeHost, feeds: () => feeds });
    const facts = (value: string): ValueFacts | undefined => shapes.values.get(value);
    const made = differentiate(seeded, { from: { y: "dy" }, to: Object.keys(golden.gradients), facts });
    const { graph } = made.model;
    const outputs = [{ name: "y" }, ...[...made.gradients.values()].map((g) => ({ name: g }))];
    const found = await run(expandTraining({ ...made.model, graph: { ...graph, outputs } }, facts), feeds);

    expect(distance(found["y"]!, unpack(golden.y)), "the output").toBeLessThan(1e-5);
    expect([...made.gradients.keys()].sort()).toEqual(Object.keys(golden.gradients).sort());
    for (const [value, packed] of Object.entries(golden.gradients)) {
      const gradient = found[made.gradients.get(value)!]!;
      expect(gradient.dims, value).toEqual(packed.dims);
      expect(distance(gradient, unpack(packed)), `the gradient of ${value}`).toBeLessThan(2e-5);
    }
  });
});
