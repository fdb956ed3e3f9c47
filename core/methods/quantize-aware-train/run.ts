import { LatheError } from "../../base/error.ts";
import { globMatcher } from "../../base/glob.ts";
import { tensorArray } from "../../graph/build.ts";
import type { Model } from "../../graph/model.ts";
import { collectOutputs } from "../../measure/outputs.ts";
import { compareOutputs } from "../../measure/outputError.ts";
import { findShapes } from "../../measure/shapes.ts";
import { median } from "../../measure/statistics.ts";
import { rateAfter } from "../../train/fallBack.ts";
import { withConstants } from "../../train/trainer.ts";
import type { EpochResult, TrainPlan } from "../../train/plan.ts";
import type { Affine } from "../../transform/affine.ts";
import type { Bits } from "../../transform/bits.ts";
import { fakeQuantize, gridKey, trainedGrids, type FakeQuantized } from "../../transform/fakeQuantize.ts";
import { formatOf, type FormatName } from "../../transform/formats.ts";
import { prepareModel } from "../../transform/prepare.ts";
import { canHave, planFormats, writeFormats, type Assignment } from "../../transform/writeFormats.ts";
import type { MethodContext, MethodResult } from "../define.ts";
import { fineTune } from "../fineTune.ts";
import { calibrateFormats, type Calibrated } from "../formatCalibration.ts";
import { scoreModels } from "../scores.ts";
import { eightBitsFor } from "../targetParams.ts";
import type { Findings } from "./findings.ts";
import { foldingFactors } from "./norms.ts";
import type { Params } from "./params.ts";

type Context = MethodContext<Params>;

/** Trains a model with the rounding of its quantised form in place, and writes that form. */
export async function run(context: Context): Promise<MethodResult<Findings>> {
  const { params, session, host, signal, emit } = context;
  const calibrated = await calibrateFormats(context, "Quantisation-aware training");
  const assignment = assign(calibrated, params);
  const start = await startOf(context, { calibrated, assignment });
  const { model: trained, history, frozen } = await trainStages(context, start);

  emit({ kind: "stage", name: "Write" });
  const grids = trainedGrids(start.fake, trained);
  const own = new Map(trained.graph.initializers.map((t) => [t.name, t]));
  const arrays = new Map(
    start.base.graph.initializers.flatMap(({ name, type }) => {
      const found = type === "float32" ? own.get(name) : undefined;
      return found === undefined ? [] : [[name, tensorArray(found)] as const];
    }),
  );
  const base = withConstants(start.base, arrays);
  const ready = start.keepsNorms ? prepareModel(base) : { model: base, folded: [] };
  const factors = foldingFactors(base, ready.folded);
  const scales = new Map(
    [...grids.weights].map(([node, steps]) => {
      const factor = factors.get(node);
      return [node, factor === undefined ? steps : steps.map((s, c) => Math.abs(s * factor[c]!))] as const;
    }),
  );
  const model = writeFormats(ready.model, {
    assignment,
    gridOf: (value, bits) => trainedGrid(grids.activations, value, bits),
    eightBits: eightBitsFor(params),
    learned: { weights: scales },
  });

  const ptq = calibrated.write(assignment);
  const scores = await scoreModels(context, { label: "Quantisation-aware", model }, [
    { label: "Post-training, same bits", model: ptq },
    { label: "Simulation it was trained in", model: trained },
    { label: "Float", model: calibrated.model },
  ]);
  const how = { stream: calibrated.stream, batch: params.calibrationBatch, session, host, signal };
  const simulated = await collectOutputs(trained, how);
  const executed = await collectOutputs(model, how);
  const { kl, agreement, sqnr } = compareOutputs(simulated.values, executed.values, simulated.rows);
  const findings: Findings = {
    layers: layersOf(calibrated, { assignment, start, trained: grids.weights }),
    history,
    frozen,
    samples: context.split?.("train").count ?? 0,
    ...(scores && { scores }),
    execution: { kl, agreement, sqnr },
  };
  return { model, findings, warnings: warningsOf(findings) };
}

function trainedGrid(grids: ReadonlyMap<string, Affine>, value: string, bits: Bits): Affine {
  const found = grids.get(gridKey(value, bits));
  if (found === undefined) throw new LatheError("internal", `"${value}" was not trained in ${bits} bits.`);
  return found;
}

/** The format of each layer. @throws invalid-recipe for a pattern that matches no layer */
function assign({ layers }: Calibrated, params: Params): Assignment {
  const { weightBits, activationBits, wideEdges } = params;
  const names = layers.map(({ node }) => node.name);
  const special = params.layers.map((text) => {
    const at = text.lastIndexOf("=");
    return { matches: globMatcher([text.slice(0, at)], names), format: text.slice(at + 1) as FormatName };
  });
  const usual: FormatName = activationBits === 32 ? `w${weightBits}` : `w${weightBits}a${activationBits}`;
  const wide: FormatName = activationBits === 32 ? "w8" : "w8a8";
  return new Map(
    layers.map((layer, i) => {
      const isEdge = wideEdges && (i === 0 || i === layers.length - 1);
      const own = special.findLast(({ matches }) => matches(layer.node.name))?.format;
      const wanted = own ?? (isEdge ? wide : usual);
      const { weights } = formatOf(wanted);
      const choices: readonly FormatName[] = [wanted, `w${weights as Bits}`, "w8a8", "fp32"];
      return [layer.node.name, choices.find((name) => canHave(layer, formatOf(name)))!] as const;
    }),
  );
}

interface Start {
  /** The prepared model without quantisers, whose constants are trained. */
  readonly base: Model;
  readonly keepsNorms: boolean;
  readonly fake: FakeQuantized;
  /** Steps before training, by node name. */
  readonly steps: ReadonlyMap<string, Float32Array>;
}

async function startOf(
  context: Context,
  { calibrated, assignment }: { readonly calibrated: Calibrated; readonly assignment: Assignment },
): Promise<Start> {
  const { params, host, signal } = context;
  const whole = prepareModel(context.model);
  const keepsNorms = params.batchNorm === "train" && whole.folded.length > 0;
  const base = keepsNorms ? prepareModel(context.model, { keepBatchNorm: true }).model : calibrated.model;
  const shapes = await findShapes(calibrated.model, { host, signal });
  const factors = keepsNorms ? foldingFactors(base, whole.folded) : new Map<string, Float64Array>();
  const weights = new Map(
    [...assignment].flatMap(([node, name]): [string, Bits][] => {
      const { weights: bits } = formatOf(name);
      const { hasWeights } = calibrated.layers.find((l) => l.node.name === node)!;
      return bits < 16 && hasWeights ? [[node, bits as Bits]] : [];
    }),
  );
  const fake = fakeQuantize(base, {
    formats: planFormats(calibrated.model, assignment),
    folded: calibrated.model,
    weights,
    gridOf: calibrated.gridOf,
    eightBits: eightBitsFor(params),
    elements: (value) => {
      const sizes = shapes.values.get(value)?.sizes ?? [1];
      return sizes.reduce((product, d) => product * d, 1) / Math.max(1, shapes.samples);
    },
    mirrored: (node) => {
      const factor = factors.get(node);
      return factor && Array.from(factor, (f) => f < 0);
    },
  });
  return { base, keepsNorms, fake, steps: trainedGrids(fake, fake.model).weights };
}

interface Trained {
  readonly model: Model;
  readonly history: readonly EpochResult[];
  readonly frozen: number;
}

/** Statistics that follow first, then frozen ones at a tenth of the rate. */
async function trainStages(context: Context, { fake, keepsNorms }: Start): Promise<Trained> {
  const { params } = context;
  const steps = [...fake.weights.values(), ...fake.activations.values()].map((s) => s.constant);
  const isLearned = params.estimator === "lsq";
  const plan: Partial<TrainPlan> = isLearned
    ? { trained: steps, freeze: fake.fixed }
    : { freeze: [...fake.fixed, ...steps] };
  const frozen = keepsNorms ? Math.min(params.epochs, Math.round(params.epochs * params.frozenShare)) : 0;
  const stages = [
    {
      stage: "moving",
      title: "Training with the rounding",
      epochs: params.epochs - frozen,
      slower: 1,
      freezeStatistics: false,
    },
    {
      stage: "frozen",
      title: "Training with frozen statistics",
      epochs: frozen,
      slower: 10,
      freezeStatistics: true,
    },
  ].filter((s) => s.epochs > 0);
  let { model } = fake;
  let { rate } = params;
  const history: EpochResult[] = [];
  for (const { stage, title, epochs, slower, freezeStatistics } of stages) {
    context.emit({ kind: "stage", name: title });
    const done = await fineTune(context, model, {
      params: { ...params, epochs, rate: rate === "auto" ? rate : rate / slower },
      stage: `aware-${stage}`,
      title,
      plan: { ...plan, freezeStatistics },
    });
    model = done.model;
    if (rate === "auto") rate = rateAfter(done.rate);
    const before = history.length;
    history.push(...done.history.map((h) => ({ ...h, epoch: h.epoch + before })));
  }
  return { model, history, frozen };
}

function layersOf(
  { layers }: Calibrated,
  {
    assignment,
    start,
    trained,
  }: {
    readonly assignment: Assignment;
    readonly start: Start;
    readonly trained: ReadonlyMap<string, Float32Array>;
  },
): Findings["layers"] {
  return layers.map(({ node }) => {
    const before = start.steps.get(node.name);
    const after = trained.get(node.name);
    const ratios = after === undefined ? [] : Array.from(after, (s, c) => s / before![c]!);
    return {
      node: node.name,
      op: node.op,
      format: assignment.get(node.name) ?? "fp32",
      stepChange: ratios.length === 0 ? 1 : median(ratios),
    };
  });
}

function warningsOf({ layers, scores, execution }: Findings): readonly string[] {
  const warnings: string[] = [];
  const simulated = layers.filter(({ format }) => formatOf(format).isSimulated);
  if (simulated.length > 0) {
    const which = simulated.length === 1 ? `"${simulated[0]!.node}" has` : `${simulated.length} layers have`;
    warnings.push(
      `${which} activations of fewer than eight bits, for which this runtime has no kernel: the numbers are those of such a kernel, the speed is not.`,
    );
  }
  const [own, after] = scores?.scores ?? [];
  if (own !== undefined && after !== undefined && own.accuracy <= after.accuracy) {
    warnings.push("Training gained nothing over post-training quantisation at the same bits; that is quicker.");
  }
  if (execution.agreement < 0.98) {
    warnings.push(
      `The written model answers ${((1 - execution.agreement) * 100).toFixed(1)} % of the calibration samples otherwise than the simulation that was trained.`,
    );
  }
  return warnings;
}
