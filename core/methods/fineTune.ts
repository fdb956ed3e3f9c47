import { LatheError } from "../base/error.ts";
import type { SampleStream } from "../data/batches.ts";
import type { Model } from "../graph/model.ts";
import type { HeadSpec } from "../train/heads.ts";
import type { TrainPlan } from "../train/plan.ts";
import { logitsOf, openTeacher, teachLogits, type Teach, type Teacher } from "../train/teacher.ts";
import { train, type TrainOptions, type TrainResult } from "../train/train.ts";
import { augmentOf } from "./augmentParams.ts";
import type { MethodContext } from "./define.ts";
import type { FineTuneParams } from "./fineTuneParams.ts";

/** What a training inside a method needs of the method's context. */
export type TrainingContext = Omit<MethodContext<unknown>, "model" | "params" | "calibration">;

export interface FineTuneOptions {
  readonly params: FineTuneParams;
  /** Names the training's checkpoint; has to differ between the trainings of one run. */
  readonly stage: string;
  /** The same for people; default "Training". */
  readonly title?: string;
  /** Where given, another seed than the run's. */
  readonly seed?: number;
  /** What the plan says differently. */
  readonly plan?: Partial<TrainPlan>;
  /** Targets beside the labels, for the heads of `plan`; in place of the teacher of the parameters. */
  readonly teach?: Teach;
  /** Samples in place of the train split. */
  readonly training?: SampleStream;
  readonly masks?: TrainOptions["masks"];
  readonly beforeUpdate?: TrainOptions["beforeUpdate"];
}

/**
 * Trains a changed model on the project's training samples, with a teacher where the parameters name one. Zeros of pruned
 * weights stay. Each stage has a checkpoint of its own, so that a run that was interrupted goes through those it has
 * finished in a moment and goes on in the one that it had begun.
 * @param model constants in memory
 * @throws invalid-data without training samples; what `train` throws
 */
export async function fineTune(
  context: TrainingContext,
  model: Model,
  { params, stage, title = "Training", seed, plan, teach, training, masks, beforeUpdate }: FineTuneOptions,
): Promise<TrainResult> {
  const { split, work, session, host, signal, emit } = context;
  if (split === undefined) {
    throw new LatheError("invalid-data", "Fine-tuning needs samples and the project has none.", {
      hint: 'Import data with "lathe import data PATH", or set the epochs to 0.',
    });
  }
  if (work !== undefined) await host.files.makeFolder(work.folder);
  const guide = teach ? { heads: [], teach, teacher: undefined } : await guideOf(context, params, model);
  const saving = work && { path: host.files.join(work.folder, `${stage}.checkpoint`), key: `${work.key}/${stage}` };
  try {
    const result = await train({
      model,
      plan: { ...fineTunePlan(params), heads: guide.heads, ...plan },
      training: training ?? split("train"),
      validation: split("validation"),
      seed: seed ?? context.seed,
      session,
      host,
      signal,
      emit,
      ...(guide.teach && { teach: guide.teach }),
      ...(masks && { masks }),
      ...(beforeUpdate && { beforeUpdate }),
      ...(saving && { saving }),
    });
    context.trained?.({ title, ...result.rate });
    return result;
  } finally {
    await guide.teacher?.close();
  }
}

/** The training that the shared parameters describe. */
export function fineTunePlan(params: FineTuneParams): TrainPlan {
  const { epochs, batch, rate, optimizer, weightDecay, crop, flip, policy } = params;
  return {
    epochs,
    batch,
    rate,
    schedule: { kind: "cosine", warmup: 0.05 },
    heads: [{ loss: { kind: "cross-entropy" }, target: "classes" }],
    optimizer:
      optimizer === "sgd"
        ? { kind: "sgd", momentum: 0.9, nesterov: true, weightDecay }
        : { kind: "adamw", weightDecay },
    augment: augmentOf({ crop, flip, policy }),
  };
}

interface Guide {
  readonly heads: readonly HeadSpec[];
  readonly teach: Teach | undefined;
  readonly teacher: Teacher | undefined;
}

/** The losses: labels, and the teacher's softened answers beside them (Hinton et al. 2015). */
async function guideOf(context: TrainingContext, params: FineTuneParams, student: Model): Promise<Guide> {
  const { teacher: reference, temperature, teacherWeight } = params;
  const labels: HeadSpec = { loss: { kind: "cross-entropy" }, target: "classes" };
  if (reference === "" || teacherWeight === 0) return { heads: [labels], teach: undefined, teacher: undefined };
  const { open, split, session, host, signal } = context;
  if (open === undefined) {
    throw new LatheError("invalid-recipe", `The teacher "${reference}" cannot be found without a project.`, {
      hint: "Run the recipe in a project.",
    });
  }
  const model = await open(reference);
  const teacher = await openTeacher(model, { values: [logitsOf(model)], session, host, signal });
  const soft: HeadSpec = {
    loss: { kind: "kl", temperature, targetLogits: true },
    target: "values",
    weight: teacherWeight,
  };
  const classes = split?.("train").classes?.length;
  const teach = teachLogits(teacher, teacherWeight === 1 ? 0 : 1, classes ?? classesOf(student));
  return { heads: teacherWeight === 1 ? [soft] : [{ ...labels, weight: 1 - teacherWeight }, soft], teach, teacher };
}

function classesOf({ graph }: Model): number | undefined {
  const type = graph.outputs[0]?.type;
  const size = type?.kind === "tensor" ? type.dims?.at(1)?.size : undefined;
  return typeof size === "number" ? size : undefined;
}
