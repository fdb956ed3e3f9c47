import { throwIfCancelled } from "../../base/cancel.ts";
import { LatheError } from "../../base/error.ts";
import { firstSamples } from "../../data/firstSamples.ts";
import { indexGraph } from "../../graph/uses.ts";
import { argmax, compareOutputs } from "../../measure/outputError.ts";
import { collectOutputs, type Outputs, type OutputOptions } from "../../measure/outputs.ts";
import { constantBytes } from "../../measure/weights.ts";
import { hessianTraces } from "../../train/hessian.ts";
import { fixedBatch } from "../../train/freeBatch.ts";
import { tensorArray } from "../../graph/build.ts";
import { opOf } from "../../ops/registry.ts";
import { weightLevels } from "../../transform/bits.ts";
import { formatOf, type Format, type FormatName } from "../../transform/formats.ts";
import { bytesOfTables } from "../../transform/packBits.ts";
import { quantizeWeights } from "../../transform/quantizeWeights.ts";
import { canHave, type FormatLayer } from "../../transform/writeFormats.ts";
import type { MethodContext } from "../define.ts";
import type { Calibrated } from "../formatCalibration.ts";
import type { Params } from "./params.ts";
import type { Remember } from "./remember.ts";

/** What one format does to one layer, all others in float. */
export interface Judged {
  readonly format: FormatName;
  readonly harm: number;
  /** Bytes of constants that the model gains by it (mostly negative), without the tables that all layers share. */
  readonly bytes: number;
}

export interface Judgement {
  /** By node name: the formats that the layer can have. */
  readonly layers: ReadonlyMap<string, readonly Judged[]>;
  /** Compares any model with the float one on the same samples. */
  readonly divergence: (model: Calibrated["model"]) => Promise<number>;
  readonly traceError?: number;
}

/** What an answer that is lost weighs beside the outputs' divergence, which decides between formats that lose equally many. */
const TIE = 1e-3;

/** Judges every format of every layer. What the log of trials knows is not computed again. */
export async function judgeLayers(
  context: MethodContext<Params>,
  calibrated: Calibrated,
  remember: Remember,
): Promise<Judgement> {
  const { params, session, host, signal, emit } = context;
  const { model, layers } = calibrated;
  const stream = firstSamples(calibrated.stream, Math.max(params.sensitivitySamples, fixedBatch(model) ?? 1));
  const how: OutputOptions = { stream, batch: params.calibrationBatch, session, host, signal };
  const reference = await collectOutputs(model, how);
  const answers = answersOf(reference);
  if (params.sensitivity === "accuracy" && answers === undefined) {
    throw new LatheError("invalid-data", "There are no labels to count lost answers with.", {
      hint: "Choose a sensitivity that needs no labels: kl.",
    });
  }
  const divergence = async (other: typeof model): Promise<number> => {
    const found = await collectOutputs(other, how);
    return compareOutputs(reference.values, found.values, reference.rows).kl;
  };
  const traces = params.sensitivity === "hessian" ? await weightTraces(context, { calibrated, remember }) : undefined;
  emit({ kind: "stage", name: "Judge layers" });
  const before = constantBytes(model);
  const judged = new Map<string, readonly Judged[]>();
  for (const [done, layer] of layers.entries()) {
    const found: Judged[] = [];
    for (const name of new Set(params.formats)) {
      const format = formatOf(name);
      if (!canHave(layer, format)) continue;
      throwIfCancelled(signal);
      const { harm, bytes } = await remember("sensitivity", { layer: layer.node.name, format: name }, async () => {
        if (name === "fp32") return { harm: 0, bytes: 0 };
        const alone = calibrated.write(new Map([[layer.node.name, name]]));
        const own = constantBytes(alone) - before - bytesOfTables(alone.graph);
        if (traces !== undefined) return { bytes: own, harm: curvature(layer, format, { model, traces }) };
        const outputs = await collectOutputs(alone, how);
        const { kl } = compareOutputs(reference.values, outputs.values, reference.rows);
        const lost = params.sensitivity === "accuracy" ? answers! - (answersOf(outputs) ?? 0) : 0;
        return { bytes: own, harm: params.sensitivity === "kl" ? kl : Math.max(0, lost / reference.rows) + TIE * kl };
      });
      found.push({ format: name, harm: harm!, bytes: bytes! });
    }
    judged.set(layer.node.name, found);
    emit({ kind: "progress", done: done + 1, total: layers.length, unit: "layers" });
  }
  const errors = [...(traces?.values() ?? [])].map(({ trace, error }) => error / Math.max(Math.abs(trace), 1e-12));
  const middle = errors.toSorted((a, b) => a - b)[Math.floor(errors.length / 2)];
  return { layers: judged, divergence, ...(middle !== undefined && { traceError: middle }) };
}

/** Right answers among the samples; undefined without labels or where the outputs are no scores per class. */
function answersOf({ values, rows, labels }: Outputs): number | undefined {
  if (labels === undefined || values.length % rows !== 0) return undefined;
  const width = values.length / rows;
  return labels.reduce(
    (sum, label, i) => sum + (argmax(values.subarray(i * width, (i + 1) * width)) === label ? 1 : 0),
    0,
  );
}

type Traces = ReadonlyMap<string, { readonly trace: number; readonly error: number; readonly elements: number }>;

const HESSIAN_BATCH = 32;

/** Traces by node name. */
async function weightTraces(
  context: MethodContext<Params>,
  { calibrated, remember }: { readonly calibrated: Calibrated; readonly remember: Remember },
): Promise<Traces> {
  const { params, seed, session, host, signal, emit } = context;
  const { model, layers } = calibrated;
  const narrow = params.formats.find((name) => formatOf(name).activations < 8);
  if (narrow !== undefined) {
    throw new LatheError(
      "invalid-recipe",
      `The Hessian of the weights says nothing of the activations of "${narrow}".`,
      {
        hint: "Set sensitivity to kl, or leave formats with fewer than eight activation bits out.",
      },
    );
  }
  emit({ kind: "stage", name: "Estimate curvature" });
  const weightOf = ({ node }: FormatLayer): string => node.inputs[opOf(node, model.opsets)?.linear?.weight ?? 1] ?? "";
  const weighted = layers.filter((layer) => layer.hasWeights);
  const names = [...new Set(weighted.map(weightOf))];
  const found = await remember("curvature", { weights: names }, async () => {
    const traces = await hessianTraces(model, {
      weights: names,
      stream: firstSamples(calibrated.stream, params.sensitivitySamples),
      batch: HESSIAN_BATCH,
      probes: params.probes,
      seed,
      session,
      host,
      signal,
      emit,
    });
    return Object.fromEntries(
      names.flatMap((name, i) => {
        const { trace = 0, error = 0 } = traces.get(name) ?? {};
        return [
          [`trace ${i}`, trace],
          [`error ${i}`, error],
        ];
      }),
    );
  });
  const index = indexGraph(model.graph);
  return new Map(
    weighted.map((layer) => {
      const name = weightOf(layer);
      const i = names.indexOf(name);
      const elements = tensorArray(index.initializer.get(name)!).data.length;
      return [layer.node.name, { trace: found[`trace ${i}`]!, error: found[`error ${i}`]!, elements }] as const;
    }),
  );
}

/** Mean eigenvalue of the block times the squared weight error, tr(H)/n·‖w − ŵ‖² (Dong et al. 2020, "HAWQ-V2", eq. 6). */
function curvature(
  { node }: FormatLayer,
  { weights: bits }: Format,
  { model, traces }: { readonly model: Calibrated["model"]; readonly traces: Traces },
): number {
  const known = traces.get(node.name);
  const linear = opOf(node, model.opsets)?.linear;
  if (known === undefined || linear === undefined || bits === 32) return 0;
  const constant = model.graph.initializers.find((t) => t.name === node.inputs[linear.weight])!;
  const weight = tensorArray(constant).data as Float32Array;
  // A trace below zero is noise: the weights are near a minimum.
  const mean = Math.max(0, known.trace) / known.elements;
  if (bits === 16) return mean * weight.reduce((sum, w) => sum + (w - Math.f16round(w)) ** 2, 0);
  const [lowest, steps] = weightLevels(bits);
  const axis = linear.outputAxis(node, constant.dims.length);
  const range = bits === 8 ? "min-max" : "mse";
  const { error } = quantizeWeights(weight, constant.dims, { axis, steps, lowest, range });
  return mean * error.reduce((sum, e) => sum + e * e, 0);
}
