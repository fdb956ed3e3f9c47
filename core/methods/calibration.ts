import { LatheError } from "../base/error.ts";
import type { SampleStream } from "../data/batches.ts";
import { firstSamples } from "../data/firstSamples.ts";
import type { Model, Node } from "../graph/model.ts";
import { indexGraph, type GraphIndex } from "../graph/uses.ts";
import type { Watch } from "../measure/activations.ts";
import type { Feeds } from "../measure/feeds.ts";
import { opOf } from "../ops/registry.ts";
import { fixedBatch } from "../train/freeBatch.ts";
import type { Placement } from "../transform/placeQuantizers.ts";
import type { MethodContext } from "./define.ts";

/**
 * The calibration samples that a method runs, in whole batches where the model fixes them.
 * @param method as a sentence begins with it, for instance "Static quantisation"
 * @throws invalid-data where there are none, or fewer than a batch
 */
export function calibrationSamples(
  { calibration, emit }: Pick<MethodContext<unknown>, "calibration" | "emit">,
  model: Model,
  { samples, method }: { readonly samples: number; readonly method: string },
): SampleStream {
  if (calibration === undefined || calibration.count === 0) {
    throw new LatheError("invalid-data", `${method} needs calibration samples and the project has none.`, {
      hint: 'Import data with "lathe import data PATH", or use quantize-dynamic, which needs none.',
    });
  }
  if (calibration.count < samples) {
    emit({
      kind: "message",
      level: "warning",
      text: `The calibration split has ${calibration.count} samples, fewer than the ${samples} asked for.`,
    });
  }
  const least = fixedBatch(model) ?? 1;
  const usable = Math.min(calibration.count, samples);
  // A model with a fixed batch takes whole batches only.
  const stream = firstSamples(calibration, Math.max(usable - (usable % least), Math.min(least, usable)));
  if (stream.count < least) {
    throw new LatheError(
      "invalid-data",
      `The model takes batches of "${least}" and there are only ${stream.count} samples.`,
      { hint: `Calibrate on at least ${least} samples.` },
    );
  }
  if (stream.count < 100) {
    emit({
      kind: "message",
      level: "warning",
      text: `${stream.count} calibration samples are few; 100 or more give steadier ranges.`,
    });
  }
  return stream;
}

/** The first sample, or as many as the model's fixed batch asks for. */
export async function oneCall(model: Model, stream: SampleStream, signal: AbortSignal): Promise<Feeds> {
  for await (const batch of stream.batches(fixedBatch(model) ?? 1, signal)) {
    return { [model.graph.inputs[0]?.name ?? ""]: batch.input };
  }
  throw new LatheError("invalid-data", "There are no samples to try the model on.");
}

/** What to watch of the values that get a quantiser, and with means of the inputs of layers whose bias is corrected. */
export function watchesOf(
  model: Model,
  placement: Placement,
  { histogram, means }: { readonly histogram: boolean; readonly means: boolean },
): readonly Watch[] {
  const inputs = new Set(means ? biasedInputs(model, placement) : []);
  return [...new Set([...placement.values.values(), ...inputs])].map((value) => ({
    value,
    nonNegative: isNonNegative(model, value),
    spatial: isSpatial(model, value),
    histogram,
    channelMeans: inputs.has(value),
  }));
}

/** Data inputs of layers that have a bias slot. */
function biasedInputs(model: Model, placement: Placement): readonly string[] {
  return [...placement.nodes].flatMap((n) => {
    const linear = opOf(n, model.opsets)?.linear;
    return linear?.bias === undefined ? [] : [n.inputs[linear.data] ?? ""];
  });
}

/** Whether no element of a value can be below zero. */
export function isNonNegative(model: Model, value: string): boolean {
  const producer = indexOf(model).producer.get(value);
  return producer !== undefined && opOf(producer, model.opsets)?.nonNegative === true;
}

/** A convolution makes or reads it, at most a ReLU away. */
function isSpatial(model: Model, value: string): boolean {
  const index = indexOf(model);
  const convolves = (node: Node | undefined): boolean => {
    const linear = node === undefined ? undefined : opOf(node, model.opsets)?.linear;
    const weight = index.initializer.get(node?.inputs[linear?.weight ?? -1] ?? "");
    return weight !== undefined && weight.dims.length > 2 && linear?.dataAxis(weight.dims.length) === 1;
  };
  if (index.usesOf(value).some((use) => convolves(use.node))) return true;
  const producer = index.producer.get(value);
  const isClamp = producer !== undefined && opOf(producer, model.opsets)?.quantize.role === "clamp";
  return convolves(isClamp ? index.producer.get(producer.inputs[0] ?? "") : producer);
}

const indices = new WeakMap<Model, GraphIndex>();

function indexOf(model: Model): GraphIndex {
  const known = indices.get(model) ?? indexGraph(model.graph);
  indices.set(model, known);
  return known;
}
