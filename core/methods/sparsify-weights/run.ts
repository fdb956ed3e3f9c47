import { LatheError } from "../../base/error.ts";
import type { Model } from "../../graph/model.ts";
import { storedSizes } from "../../measure/compressed.ts";
import { askSpeedGate } from "../../measure/speedGate.ts";
import { zerosOf } from "../../transform/applyMasks.ts";
import { prepareModel } from "../../transform/prepare.ts";
import { denseLayer, findLinearLayers, type DenseLayer, type LinearLayer } from "../../transform/linearLayers.ts";
import type { MaskOptions } from "../../transform/sparseMasks.ts";
import { parsePattern, whyNotSparse } from "../../transform/sparsePattern.ts";
import type { MethodContext, MethodResult } from "../define.ts";
import { scoreModels } from "../scores.ts";
import { prepareScorer } from "./criteria.ts";
import type { Findings, LayerSparsity } from "./findings.ts";
import type { Params } from "./params.ts";
import { chooserOf, makeSparse, trainBaselines, type Plan } from "./schedules.ts";

/** Makes weights zero by a pattern, trains the others, and holds the result against its baselines. */
export async function run(context: MethodContext<Params>): Promise<MethodResult<Findings>> {
  const { params, session, host, signal, seed, emit } = context;
  checkCombination(params);
  emit({ kind: "stage", name: "Choosing weights" });
  const start = prepareModel(context.model, { keepBatchNorm: true }).model;
  const { layers, dense } = partOf(start, params);
  const scorer = await prepareScorer(context, start, layers);
  const options = optionsOf(params);
  const plan: Plan = { context, start, layers, options, choose: chooserOf(layers, scorer, options) };
  const made = await makeSparse(plan);
  const baselines = params.baselines ? await trainBaselines(plan, made) : [];
  emit({ kind: "stage", name: "Comparing" });
  const others = [{ label: "before", model: start }, ...baselines];
  const scores = await scoreModels(context, { label: "this result", model: made.model }, others);
  const gate = await askSpeedGate({
    before: start,
    after: made.model,
    session,
    host,
    signal,
    seed,
    explain: (_, verdict) => [verdict === "faster" ? FASTER : NO_FASTER],
  });
  const [before, after] = [await storedSizes(start), await storedSizes(made.model)];
  const findings: Findings = {
    layers: [...layers, ...dense].map((layer) => sparsityOf(made.model, layer)),
    history: made.history,
    epochs: made.epochs,
    ...(scores && { scores }),
    sizes: { before, after },
    gate,
  };
  return { model: made.model, findings, warnings: warningsOf(params, findings) };
}

const NO_FASTER =
  "ONNX Runtime multiplies by zeros as by any other number, so the pattern saves storage and no time on this runtime.";
const FASTER =
  "ONNX Runtime has no kernels for this pattern; what was measured is chance, or numbers too small for this processor.";

function checkCombination({ criterion, schedule, epochs, scope }: Params): void {
  if (criterion === "movement" && scope === "lamp") {
    throw new LatheError("invalid-recipe", 'The scope "lamp" compares squares, and movement can be negative.', {
      hint: "Take the global scope.",
    });
  }
  if (criterion === "movement" && schedule !== "cubic") {
    throw new LatheError(
      "invalid-recipe",
      `The criterion "movement" cannot rank weights for the schedule "${schedule}".`,
      {
        hint: "Movement shows while training: take the cubic schedule.",
      },
    );
  }
  if (epochs === 0 && schedule !== "one-shot") {
    throw new LatheError("invalid-recipe", `The schedule "${schedule}" needs training, and the epochs are "0".`, {
      hint: "Give it epochs, or take the one-shot schedule.",
    });
  }
}

function optionsOf({ pattern: text, scope, sparsity, criterion }: Params): MaskOptions {
  const pattern = parsePattern(text);
  return {
    pattern,
    scope,
    sparsity: pattern.kind === "groups" ? 1 - pattern.n / pattern.m : sparsity,
    // Wanda compares the weights of one output with each other.
    perRow: criterion === "wanda" && pattern.kind === "unstructured",
  };
}

/** @throws invalid-recipe where no layer is left */
function partOf(model: Model, { exclude, keepEnds, pattern: text }: Params): ReturnType<typeof findLinearLayers> {
  const pattern = parsePattern(text);
  const found = findLinearLayers(model, { exclude, keepEnds });
  const dense: DenseLayer[] = [...found.dense];
  const layers = found.layers.filter((layer) => {
    const reason = whyNotSparse(layer, pattern);
    if (reason !== undefined) dense.push(denseLayer(layer, reason));
    return reason === undefined;
  });
  if (layers.length > 0) return { layers, dense };
  throw new LatheError("invalid-recipe", `No layer is left for the pattern "${text}".`, {
    hint: `For instance ${dense[0]?.node ?? "the first"} stays dense: ${dense[0]?.reason ?? "it has no weights"}.`,
  });
}

function sparsityOf(model: Model, layer: LinearLayer | DenseLayer): LayerSparsity {
  const constant = model.graph.initializers.find((t) => t.name === layer.weight)!;
  const { node, weight, dims } = layer;
  const elements = dims.reduce((product, d) => product * d, 1);
  return {
    node,
    weight,
    dims,
    elements,
    zeros: zerosOf(constant),
    ...("reason" in layer && { reason: layer.reason }),
  };
}

function warningsOf({ epochs }: Params, { scores, layers }: Findings): readonly string[] {
  const warnings: string[] = [];
  const random = scores?.scores.find((s) => s.label.startsWith("random"))?.difference;
  if (random !== undefined && random.interval.low <= 0) {
    warnings.push("The chosen weights are not clearly better than as many chosen at random.");
  }
  const empty = layers.filter((l) => l.zeros === l.elements);
  if (empty.length > 0) warnings.push(`All weights of ${empty.map((l) => l.node).join(", ")} are zero.`);
  if (epochs > 0 && scores === undefined) {
    warnings.push("There are no labelled validation samples, so what the zeros cost was not measured.");
  }
  return warnings;
}
