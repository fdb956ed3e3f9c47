import { LatheError } from "../base/error.ts";
import { globMatcher } from "../base/glob.ts";
import type { SampleStream } from "../data/batches.ts";
import type { Model } from "../graph/model.ts";
import { observeActivations } from "../measure/activations.ts";
import { affineWithin } from "../transform/affine.ts";
import type { Bits } from "../transform/bits.ts";
import { formatOf, type FormatName } from "../transform/formats.ts";
import { placeQuantizers } from "../transform/placeQuantizers.ts";
import { prepareModel } from "../transform/prepare.ts";
import { chooseRange } from "../transform/ranges.ts";
import {
  canHave,
  layersOf,
  writeFormats,
  type Assignment,
  type FormatLayer,
  type FormatOptions,
  type LearnedGrids,
} from "../transform/writeFormats.ts";
import { calibrationSamples, watchesOf } from "./calibration.ts";
import type { MethodContext } from "./define.ts";
import type { FormatParams } from "./formatParams.ts";
import { eightBitsFor, type TargetParams } from "./targetParams.ts";

/** A model that was looked at on calibration samples, so that any of its layers can be written in any format. */
export interface Calibrated {
  /** Prepared: batch norms folded, opset 13 or newer. */
  readonly model: Model;
  readonly layers: readonly FormatLayer[];
  readonly stream: SampleStream;
  readonly gridOf: FormatOptions["gridOf"];
  /** Every layer in one format; those that cannot have it in the nearest that computes alike. */
  uniform(name: FormatName): Assignment;
  write(assignment: Assignment, learned?: LearnedGrids): Model;
}

/**
 * Prepares a model and watches its activations.
 * @param method as a sentence begins with it
 * @throws invalid-data without samples; invalid-recipe for patterns that match nothing or all
 */
export async function calibrateFormats(
  context: MethodContext<FormatParams & TargetParams>,
  method: string,
): Promise<Calibrated> {
  const { params, session, host, signal, emit } = context;
  const { model } = prepareModel(context.model);
  const isExcluded = globMatcher(
    params.exclude,
    model.graph.nodes.map((n) => n.name),
  );
  const layers = layersOf(model, (node) => isExcluded(node.name));
  if (layers.length === 0) {
    throw new LatheError(
      "invalid-recipe",
      `Nothing is left to quantise: "${params.exclude.join(", ")}" excludes every layer.`,
      {
        hint: "Exclude fewer layers.",
      },
    );
  }
  const stream = calibrationSamples(context, model, { samples: params.samples, method });
  const placement = placeQuantizers(model, { isExcluded: (node) => isExcluded(node.name), tail: false });
  emit({ kind: "stage", name: "Calibrate" });
  const seen = await observeActivations(
    model,
    watchesOf(model, placement, { histogram: true, means: params.biasCorrection }),
    { stream, batch: params.calibrationBatch, session, host, signal, emit },
  );
  const means = new Map(
    [...seen].flatMap(([value, { channelMeans }]) => (channelMeans ? [[value, channelMeans] as const] : [])),
  );
  const gridOf = (value: string, bits: Bits) => {
    // What no longer follows a move, because the layer before it stays in float, takes over its scale.
    const observed = seen.get(value) ?? seen.get(placement.values.get(value) ?? "");
    if (observed === undefined) throw new LatheError("internal", `"${value}" was not calibrated.`);
    const method = bits === 8 ? params.range : "mse";
    const range = chooseRange(observed, { method, percentile: params.percentile, levels: 2 ** bits });
    return affineWithin(range, "uint8", 2 ** bits);
  };
  return {
    model,
    layers,
    stream,
    gridOf,
    uniform: (name) => new Map(layers.map((layer) => [layer.node.name, nearest(layer, name)] as const)),
    write: (assignment, learned) =>
      writeFormats(model, {
        assignment,
        gridOf,
        eightBits: eightBitsFor(params),
        ...(learned && { learned }),
        ...(params.biasCorrection && learned === undefined && { channelMeans: means }),
      }),
  };
}

/** The format itself where a layer can have it, else the same weights with float arithmetic, else float. */
function nearest(layer: FormatLayer, name: FormatName): FormatName {
  const { weights } = formatOf(name);
  const names: readonly FormatName[] = weights < 16 ? [name, `w${weights as Bits}`, "w8a8"] : [name];
  return names.find((candidate) => canHave(layer, formatOf(candidate))) ?? "fp32";
}
