import { LatheError } from "../../base/error.ts";
import { seededRandom } from "../../base/random.ts";
import { firstSamples } from "../../data/firstSamples.ts";
import { tensorArray } from "../../graph/build.ts";
import type { Model } from "../../graph/model.ts";
import { channelNorms } from "../../measure/channelSums.ts";
import type { WeightState } from "../../train/gradual.ts";
import { meanGradients } from "../../train/saliency.ts";
import type { LinearLayer } from "../../transform/linearLayers.ts";
import type { MethodContext } from "../define.ts";
import type { Params } from "./params.ts";

/** What the elements of a weight are worth, given what is known of it now. */
export type Scorer = (layer: LinearLayer, state: WeightState) => Float64Array;

/** Prepares what a criterion needs to know beside the weights. */
export async function prepareScorer(
  context: MethodContext<Params>,
  model: Model,
  layers: readonly LinearLayer[],
): Promise<Scorer> {
  switch (context.params.criterion) {
    case "magnitude":
      return (_, { values }) => Float64Array.from(values, Math.abs);
    case "random":
      return randomScorer(context.seed);
    case "movement":
      return (_, { movement }) => Float64Array.from(movement ?? []);
    case "snip":
      return snipScorer(context, model, layers);
    case "wanda":
      return wandaScorer(context, model, layers);
  }
}

export function randomScorer(seed: number): Scorer {
  return ({ weight, elements }) => {
    const random = seededRandom(seed, `sparse/${weight}`);
    return Float64Array.from({ length: elements }, random.next);
  };
}

/** |∂L/∂w·w|: how much the loss changes when the connection goes (Lee et al. 2019), at the weights as they come. */
async function snipScorer(
  { params, split, ...context }: MethodContext<Params>,
  model: Model,
  layers: readonly LinearLayer[],
): Promise<Scorer> {
  if (split === undefined) throw needsSamples("SNIP");
  const { batch, samples } = params;
  const gradients = await meanGradients(model, {
    ...context,
    training: split("train"),
    batch,
    batches: Math.ceil(samples / batch),
    heads: [{ loss: { kind: "cross-entropy" }, target: "classes" }],
  });
  const scores = new Map(
    layers.map(({ weight }) => {
      const gradient = gradients.get(weight);
      const values = tensorArray(model.graph.initializers.find((t) => t.name === weight)!).data as Float32Array;
      return [weight, Float64Array.from(values, (w, i) => Math.abs(w * (gradient?.[i] ?? 0)))] as const;
    }),
  );
  return ({ weight }) => scores.get(weight)!;
}

/** |w|·‖x‖₂ over the calibration samples, x being what the weight is multiplied with (Sun et al. 2024). */
async function wandaScorer(
  { params, calibration, session, host, signal }: MethodContext<Params>,
  model: Model,
  layers: readonly LinearLayer[],
): Promise<Scorer> {
  if (calibration === undefined) throw needsSamples("Wanda");
  const watches = layers.map(({ data, dataAxis }) => ({ value: data, axis: dataAxis }));
  const stream = firstSamples(calibration, params.samples);
  const norms = await channelNorms(model, watches, { stream, batch: 32, session, host, signal });
  return ({ data, dims, columnAxis, rowAxis }, { values }) => {
    const norm = norms.get(data) ?? new Float64Array();
    const columns = dims[columnAxis] ?? 1;
    const stride = dims.slice(columnAxis + 1).reduce((product, d) => product * d, 1);
    const rowStride = dims.slice(rowAxis + 1).reduce((product, d) => product * d, 1);
    // With groups, each group of output channels has its own input channels.
    const perGroup = (dims[rowAxis] ?? 1) / Math.max(1, norm.length / columns);
    return Float64Array.from(values, (w, i) => {
      const row = Math.floor(i / rowStride) % (dims[rowAxis] ?? 1);
      const column = Math.floor(i / stride) % columns;
      return Math.abs(w) * (norm[Math.floor(row / perGroup) * columns + column] ?? 0);
    });
  };
}

function needsSamples(name: string): LatheError {
  return new LatheError("invalid-data", `${name} needs samples and the project has none.`, {
    hint: 'Import data with "lathe import data PATH", or rank by magnitude.',
  });
}
