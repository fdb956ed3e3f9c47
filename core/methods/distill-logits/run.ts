import type { HeadSpec } from "../../train/heads.ts";
import { prepareModel } from "../../transform/prepare.ts";
import type { MethodContext, MethodResult } from "../define.ts";
import { distill, distillWarnings, scoreDistilled, teacherOf } from "../distill.ts";
import type { DistillFindings } from "../distillFindings.ts";
import type { Params } from "./params.ts";

/** Trains the model to answer as its teacher does. */
export async function run(context: MethodContext<Params>): Promise<MethodResult<DistillFindings>> {
  const { params } = context;
  const teacher = await teacherOf(context);
  const student = prepareModel(context.model, { keepBatchNorm: true }).model;
  const { loss: kind, temperature, teacherWeight } = params;
  const logits: HeadSpec = {
    loss: { kind, temperature, targetLogits: true },
    target: "values",
    weight: teacherWeight,
  };
  const isPlain = params.crop === 0 && !params.flip;
  const views = isPlain ? 1 : params.views;
  const { model, undistilled, findings } = await distill(context, {
    student,
    teacher,
    labels: 1 - teacherWeight,
    logits,
    features: [],
    ...(views > 0 && { answers: { views, top: params.top, isWished: params.views > 0 } }),
  });
  const scores = await scoreDistilled(context, model, { undistilled, teacher });
  const all = { ...findings, ...(scores && { scores }) };
  return { model, findings: all, warnings: distillWarnings(context, all) };
}
