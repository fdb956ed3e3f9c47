import { LatheError } from "../../base/error.ts";
import { globMatcher } from "../../base/glob.ts";
import type { Processor } from "../../contract/device.ts";
import type { SampleStream } from "../../data/batches.ts";
import { firstSamples } from "../../data/firstSamples.ts";
import type { Model, Node } from "../../graph/model.ts";
import { askSpeedGate, eightBitReason, gateEvent, gateWarnings, type SpeedGate } from "../../measure/speedGate.ts";
import { observeActivations, type Activation } from "../../measure/activations.ts";
import { opOf } from "../../ops/registry.ts";
import { thisProcessor, type ProcessorInfo } from "../../runtime/machine.ts";
import { affineOf, type Affine } from "../../transform/affine.ts";
import { equalizeLayers } from "../../transform/equalize.ts";
import { prepareModel } from "../../transform/prepare.ts";
import { insertQdq, type QdqResult } from "../../transform/insertQdq.ts";
import { fixedBatch } from "../../train/freeBatch.ts";
import { placeQuantizers, type Placement } from "../../transform/placeQuantizers.ts";
import { chooseRange } from "../../transform/ranges.ts";
import { calibrationSamples, isNonNegative, oneCall, watchesOf } from "../calibration.ts";
import type { MethodContext, MethodResult } from "../define.ts";
import { eightBitsFor } from "../targetParams.ts";
import type { Findings, LayerSaturation } from "./findings.ts";
import { checkPortability } from "./portability.ts";
import type { Params } from "./params.ts";
import { rankLayers } from "./sensitivity.ts";

/** Quantises a float model to INT8; see `params.ts` for what can be chosen. */
export async function run(context: MethodContext<Params>): Promise<MethodResult<Findings>> {
  const { params, emit } = context;
  const prepared = prepare(context.model, params);
  const { model } = prepared;
  const first = place(model, params, []);
  const layers = [...first.nodes].filter((n) => opOf(n, model.opsets)?.quantize.role === "multiply");
  checkLayers(layers, { model, placement: first, params });
  const stream = calibrationSamples(context, model, { samples: params.samples, method: "Static quantisation" });

  emit({ kind: "stage", name: "Gate" });
  const gate = await gateFor({ model, placement: first }, stream, context);

  emit({ kind: "stage", name: "Calibrate" });
  const observed = await observe(model, first, { stream, context });
  const activations = affinesOf(observed, params);

  const ranks = params.sensitivity !== "off" || params.excludeWorst > 0;
  if (ranks) emit({ kind: "stage", name: "Rank layers" });
  const sensitivity = !ranks
    ? []
    : await rankLayers({
        context,
        layers,
        float: model,
        stream: firstSamples(stream, Math.max(params.sensitivitySamples, fixedBatch(model) ?? 1)),
        alone: (layer) => {
          const placement = place(
            model,
            params,
            layers.filter((n) => n !== layer),
          );
          return write({ model, placement, activations: follow(placement, first, activations) }, params).model;
        },
      });
  const excluded = sensitivity.slice(0, params.excludeWorst).map((s) => s.node);
  const placement =
    excluded.length === 0
      ? first
      : place(
          model,
          params,
          model.graph.nodes.filter((n) => excluded.includes(n.name)),
        );

  emit({ kind: "stage", name: "Quantise" });
  const means = params.biasCorrection ? meansOf(observed) : undefined;
  const result = write(
    { model, placement, activations: follow(placement, first, activations), ...(means && { means }) },
    params,
  );

  if (params.portability) emit({ kind: "stage", name: "Portability" });
  const saturation = params.portability
    ? await checkPortability(result.model, firstSamples(stream, Math.max(16, fixedBatch(model) ?? 1)), context)
    : [];
  const findings: Findings = {
    gate,
    samples: stream.count,
    folded: prepared.folded,
    equalized: prepared.equalized,
    layers: result.layers,
    ranges: [...observed].map(([value, { low, high }]) => {
      const affine = activations.get(value)!;
      return { value, low, high, scale: affine.scale, zeroPoint: affine.zeroPoint };
    }),
    kept: model.graph.nodes.flatMap((n) => {
      const reason = placement.kept.get(n.name);
      return reason === undefined ? [] : [{ node: n.name, op: n.op, reason }];
    }),
    sensitivity,
    excluded,
    saturation,
  };
  return { model: result.model, findings, warnings: warningsOf(findings, await thisProcessor()) };
}

interface Prepared {
  readonly model: Model;
  readonly folded: number;
  readonly equalized: readonly (readonly [string, string])[];
}

function prepare(original: Model, params: Params): Prepared {
  const folded = prepareModel(original, { keepBatchNorm: !params.foldBatchNorm });
  const equal = params.equalize ? equalizeLayers(folded.model) : { model: folded.model, pairs: [] };
  return { model: equal.model, folded: folded.folded.length, equalized: equal.pairs };
}

function place(model: Model, params: Params, besides: readonly Node[]): Placement {
  const isListed = globMatcher(
    params.exclude,
    model.graph.nodes.map((n) => n.name),
  );
  const float = new Set(besides);
  return placeQuantizers(model, { isExcluded: (n) => float.has(n) || isListed(n.name), tail: params.tail });
}

/** Refuses a run that would leave the model as it is. */
function checkLayers(
  layers: readonly Node[],
  { model, placement, params }: { model: Model; placement: Placement; params: Params },
): void {
  if (layers.length === 0 && params.exclude.length > 0) {
    throw new LatheError(
      "invalid-recipe",
      `Nothing is left to quantise: "${params.exclude.join(", ")}" excludes every layer.`,
      { hint: "Exclude fewer layers." },
    );
  }
  if (layers.length === 0) {
    const kept = model.graph.nodes.find((n) => opOf(n, model.opsets)?.quantize.role === "multiply");
    const why = kept === undefined ? "" : ` ${kept.op} "${kept.name}": ${placement.kept.get(kept.name) ?? ""}.`;
    throw new LatheError("unsupported", `No layer can be quantised.${why}`, {
      hint: "Use dynamic quantisation or half precision.",
    });
  }
  if (params.excludeWorst < layers.length) return;
  throw new LatheError(
    "invalid-recipe",
    `Nothing is left to quantise: exclude-worst is "${params.excludeWorst}" and there are ${layers.length} layers.`,
    { hint: "Exclude fewer layers." },
  );
}

async function gateFor(
  { model, placement }: { model: Model; placement: Placement },
  stream: SampleStream,
  context: MethodContext<Params>,
): Promise<SpeedGate> {
  const { params, session, host, signal, seed, emit } = context;
  // The kernels take equally long whatever the ranges are; only the sign matters, as it decides on zero points.
  const placeholders = [...new Set(placement.values.values())].map(
    (v) => [v, affineOf(isNonNegative(model, v) ? 0 : -4, 4, params.activations)] as const,
  );
  const gate = await askSpeedGate({
    before: model,
    after: write({ model, placement, activations: new Map(placeholders) }, params).model,
    feeds: await oneCall(model, stream, signal),
    session,
    host,
    signal,
    seed,
    explain: (machine, verdict) => [eightBitReason(machine), ...shortfall(machine, verdict, params)],
  });
  emit(gateEvent(gate, "INT8"));
  if (gate.verdict === "faster" || params.ifSlower === "warn") return gate;
  const speed = gate.speedup.toFixed(2);
  throw new LatheError("not-runnable", `INT8 would run at "${speed}" times the speed of float on this machine.`, {
    hint: "Set if-slower to warn to quantise all the same, for size or for another machine.",
    details: { gate },
  });
}

function shortfall(machine: ProcessorInfo, verdict: SpeedGate["verdict"], { activations }: Params): readonly string[] {
  if (activations === "int8" && machine.architecture === "x64") {
    return ["On x86 the runtime's eight-bit kernels want uint8 activations; with int8 ones many layers stay in float."];
  }
  if (verdict === "faster") return [];
  return ["Small layers, few channels and operations that stay in float spend more time converting than they save."];
}

async function observe(
  model: Model,
  placement: Placement,
  { stream, context }: { stream: SampleStream; context: MethodContext<Params> },
): Promise<ReadonlyMap<string, Activation>> {
  const { params, session, host, signal, emit } = context;
  const watches = watchesOf(model, placement, {
    histogram: params.range !== "min-max",
    means: params.biasCorrection,
  });
  return observeActivations(model, watches, { stream, batch: params.batch, session, host, signal, emit });
}

function affinesOf(observed: ReadonlyMap<string, Activation>, params: Params): ReadonlyMap<string, Affine> {
  return new Map(
    [...observed].map(([value, seen]) => {
      const [low, high] = chooseRange(seen, { method: params.range, percentile: params.percentile });
      return [value, affineOf(low, high, params.activations)] as const;
    }),
  );
}

const meansOf = (observed: ReadonlyMap<string, Activation>): ReadonlyMap<string, Float32Array> =>
  new Map(
    [...observed].flatMap(([value, { channelMeans }]) =>
      channelMeans === undefined ? [] : [[value, channelMeans] as const],
    ),
  );

/** Scales for a placement with fewer nodes than the calibrated one: what no longer follows a move takes over its scale. */
function follow(
  placement: Placement,
  calibrated: Placement,
  activations: ReadonlyMap<string, Affine>,
): ReadonlyMap<string, Affine> {
  return new Map(
    [...new Set(placement.values.values())].map((value) => {
      const affine = activations.get(value) ?? activations.get(calibrated.values.get(value) ?? "");
      if (affine === undefined) throw new LatheError("internal", `"${value}" was not calibrated.`);
      return [value, affine] as const;
    }),
  );
}

interface Writing {
  readonly model: Model;
  readonly placement: Placement;
  readonly activations: ReadonlyMap<string, Affine>;
  readonly means?: ReadonlyMap<string, Float32Array>;
}

function write({ model, placement, activations, means }: Writing, params: Params): QdqResult {
  const { steps, isExact } = eightBitsFor(params);
  return insertQdq(model, {
    placement,
    activations,
    activationType: params.activations,
    perChannel: params.perChannel,
    weights: { steps, range: params.weightRange },
    isExact,
    ...(means && { channelMeans: means }),
  });
}

/** A layer loses more than this to saturation only where its sums are really wrong. */
const HARMFUL_SQNR = 30;

function warningsOf({ gate, saturation }: Findings, here: Processor): readonly string[] {
  const warnings = [...gateWarnings(gate, "INT8")];
  const harmed = saturation.filter((s: LayerSaturation) => s.sqnr < HARMFUL_SQNR);
  const [worst] = harmed.toSorted((a, b) => a.sqnr - b.sqnr);
  if (worst !== undefined) {
    const where = here === "x86" ? "x86 processors without VNNI, as this one is," : "x86 processors without VNNI";
    warnings.push(
      `On ${where} ${harmed.length === 1 ? "1 layer saturates" : `${harmed.length} layers saturate`}, "${worst.node}" worst ` +
        `(${(worst.saturated * 100).toFixed(2)} % of its pair sums). With target every and reduce-range auto none can.`,
    );
  }
  return warnings;
}
