import { LatheError } from "../../base/error.ts";
import type { Model } from "../../graph/model.ts";
import { featuresOf, namedPairs, suggestPairs, type FeaturePair } from "../../train/featurePairs.ts";
import { FEATURE_HEADS, viewStudent, viewTeacher, withoutViews } from "../../train/featureViews.ts";
import { freeBatch, withInterfaceOf } from "../../train/freeBatch.ts";
import type { HeadSpec } from "../../train/heads.ts";
import { prepareModel } from "../../transform/prepare.ts";
import type { MethodContext, MethodResult } from "../define.ts";
import { distill, distillWarnings, scoreDistilled, teacherOf } from "../distill.ts";
import type { Findings } from "./findings.ts";
import type { Params } from "./params.ts";

/** Trains the model to show inside what its teacher shows. */
export async function run(context: MethodContext<Params>): Promise<MethodResult<Findings>> {
  const { params, host, signal, seed } = context;
  const { featureLoss: loss, featureWeight, temperature, teacherWeight } = params;
  const given = await teacherOf(context);
  const [student, teacher] = [await ready(context.model, context), await ready(given, context)];
  const pairs = await pairsOf(params, { student, teacher }, { host, signal });
  const shown = viewStudent(student, { loss, pairs, seed });
  const taught = viewTeacher(teacher, { loss, pairs });
  const { weight = 1, ...head } = FEATURE_HEADS[loss];
  const logits: HeadSpec = {
    loss: { kind: "kl", temperature, targetLogits: true },
    target: "values",
    weight: teacherWeight,
  };
  const { model, undistilled, findings } = await distill(context, {
    student: shown.model,
    teacher: taught.model,
    labels: 1 - teacherWeight,
    logits: teacherWeight > 0 ? logits : undefined,
    features: shown.views.map((output, i) => ({
      head: { ...head, output, weight: (weight * featureWeight) / pairs.length },
      value: taught.views[i]!,
    })),
  });
  const own = withInterfaceOf(withoutViews(model, student), context.model);
  const scores = await scoreDistilled(context, own, { undistilled, teacher: given });
  const all: Findings = {
    ...findings,
    ...(scores && { scores }),
    pairs: pairs.map(({ student: s, teacher: t }) => ({
      student: s.value,
      teacher: t.value,
      shapes: [s.dims.slice(1), t.dims.slice(1)],
    })),
    adapters: shown.adapters,
  };
  return { model: own, findings: all, warnings: distillWarnings(context, all) };
}

/** The first opset whose reductions take their axes as inputs. */
const OLDEST = 13;

/** In the form whose inner values are compared: any batch, batch norms as they are. */
async function ready(model: Model, { host, signal }: MethodContext<Params>): Promise<Model> {
  const prepared = prepareModel(model, { keepBatchNorm: true }).model;
  const opset = prepared.opsets[""] ?? 0;
  if (opset < OLDEST) {
    throw new LatheError("unsupported", `Features are compared at opset ${OLDEST} or newer; a model has "${opset}".`, {
      hint: "Export it with a newer opset, or distil the answers alone.",
    });
  }
  return (await freeBatch(prepared, { host, signal })) ?? prepared;
}

async function pairsOf(
  { pairs, featureLoss }: Params,
  models: { readonly student: Model; readonly teacher: Model },
  options: Parameters<typeof featuresOf>[1],
): Promise<readonly FeaturePair[]> {
  const student = await featuresOf(models.student, options);
  const teacher = await featuresOf(models.teacher, options);
  if (pairs.length > 0) return namedPairs(pairs, { student, teacher });
  const found = suggestPairs(student, teacher);
  // How samples lie to each other shows at the end.
  return featureLoss === "distance" || featureLoss === "angle" ? found.slice(-1) : found;
}
