import { elementCount, type NdArray } from "../base/array.ts";
import { LatheError } from "../base/error.ts";
import { formatBytes } from "../base/format.ts";
import { sampleStream, type Batch, type SampleStream } from "../data/batches.ts";
import { joinStreams } from "../data/joinStreams.ts";
import { openDataset } from "../data/open.ts";
import type { Model } from "../graph/model.ts";
import { collectAnswers, type Answers } from "../train/answers.ts";
import type { HeadSpec } from "../train/heads.ts";
import type { EpochResult } from "../train/plan.ts";
import { logitsOf, openTeacher, type Teach, type Teacher } from "../train/teacher.ts";
import type { MethodContext } from "./define.ts";
import type { DistillFindings } from "./distillFindings.ts";
import type { DistillParams } from "./distillParams.ts";
import { fineTune, fineTunePlan } from "./fineTune.ts";
import type { Scores } from "./findingParts.ts";
import { scoreModels } from "./scores.ts";

/** What a student learns from, beside the training that the parameters describe. */
export interface Lessons {
  /** Prepared student; with views of features, where there are feature heads. */
  readonly student: Model;
  readonly teacher: Model;
  /** Weight of the labels; 0 does without. */
  readonly labels: number;
  /** Head on the teacher's logits; absent where they are not learned. */
  readonly logits: HeadSpec | undefined;
  /** Heads on features, with the teacher's values for each. */
  readonly features: readonly { readonly head: HeadSpec; readonly value: string }[];
  /** Where given, the teacher is asked once per view and sample, and its answers are kept; unless wished for, only a few. */
  readonly answers?: { readonly views: number; readonly top: number; readonly isWished: boolean };
}

/** What came out, with what it has to beat. */
export interface Distilled {
  /** The student as `Lessons.student` has it, trained. */
  readonly model: Model;
  readonly undistilled: Model | undefined;
  readonly findings: DistillFindings;
}

/**
 * The model that a recipe names as its teacher.
 * @throws invalid-recipe where it names none, or there is no project to find it in
 */
export async function teacherOf({ params, open }: MethodContext<DistillParams>): Promise<Model> {
  const { teacher } = params;
  if (teacher === "") {
    throw new LatheError("invalid-recipe", 'Distillation needs a teacher, and the recipe names "".', {
      hint: "Name a variant or an ONNX file as the teacher.",
    });
  }
  if (open !== undefined) return open(teacher);
  throw new LatheError("invalid-recipe", `The teacher "${teacher}" cannot be found without a project.`, {
    hint: "Run the recipe in a project.",
  });
}

/** Trains a student with its teacher, and the same student without one for as many updates. */
export async function distill(context: MethodContext<DistillParams>, lessons: Lessons): Promise<Distilled> {
  const { params, emit } = context;
  const pupils = await openPupils(context, lessons);
  const guide = await openGuide(context, lessons, pupils);
  const plain = { ...params, teacher: "" };
  try {
    const title = "Training the student";
    emit({ kind: "stage", name: title });
    const { model, history } = await fineTune(context, lessons.student, {
      params: plain,
      stage: `student${pupils.key}`,
      title,
      training: pupils.training,
      teach: guide.teach,
      plan: {
        heads: headsOf(lessons),
        freeze: params.freeze,
        ...(guide.answers && { views: guide.answers.views }),
      },
    });
    const undistilled = params.baseline && pupils.isLabelled ? await trainPlain(context, pupils) : undefined;
    const { answers } = guide;
    return {
      model,
      undistilled: undistilled?.model,
      findings: {
        history,
        plain: undistilled?.history ?? [],
        samples: pupils.samples,
        ...(pupils.unlabelled && { unlabelled: pupils.unlabelled }),
        ...(answers && {
          answers: { views: answers.views, found: answers.found, asked: answers.asked, bytes: answers.bytes },
        }),
      },
    };
  } finally {
    await guide.close();
    await pupils.close();
  }
}

/** Holds the distilled student against the undistilled one, its teacher, and itself before. */
export async function scoreDistilled(
  context: MethodContext<DistillParams>,
  own: Model,
  { undistilled, teacher }: { readonly undistilled: Model | undefined; readonly teacher: Model },
): Promise<Scores | undefined> {
  context.emit({ kind: "stage", name: "Comparing" });
  return scoreModels(context, { label: "distilled student", model: own }, [
    ...(undistilled ? [{ label: UNDISTILLED, model: undistilled }] : []),
    { label: "teacher", model: teacher },
    { label: "student before", model: context.model },
  ]);
}

const UNDISTILLED = "undistilled student, trained as long";

/** What to be careful about with a distilled student. */
export function distillWarnings(
  { params }: MethodContext<DistillParams>,
  findings: DistillFindings,
): readonly string[] {
  const { scores } = findings;
  const gain = scores?.scores.find((s) => s.label === UNDISTILLED)?.difference;
  const warnings: string[] = [];
  if (gain !== undefined && gain.interval.low <= 0) {
    warnings.push("The distilled student is not clearly better than the same student trained on the labels alone.");
  }
  if (scores === undefined) {
    warnings.push("There are no labelled validation samples, so what the teacher brought was not measured.");
  } else if (params.baseline && gain === undefined) {
    warnings.push("Without labelled training samples there is no undistilled student to compare with.");
  } else if (!params.baseline) {
    warnings.push("No undistilled student was trained, so it is open what the teacher brought.");
  }
  return warnings;
}

/** Heads in the order of the targets: labels, logits, features. */
function headsOf({ labels, logits, features }: Lessons): readonly HeadSpec[] {
  const hard: HeadSpec = { loss: { kind: "cross-entropy" }, target: "classes", weight: labels };
  return [...(labels > 0 ? [hard] : []), ...(logits ? [logits] : []), ...features.map((f) => f.head)];
}

interface Pupils {
  readonly training: SampleStream;
  readonly isLabelled: boolean;
  readonly samples: DistillFindings["samples"];
  readonly unlabelled: DistillFindings["unlabelled"] | undefined;
  /** Goes into the names of checkpoints: other unlabelled samples make another training. */
  readonly key: string;
  close(): Promise<void>;
}

/** The samples that the student sees. */
async function openPupils(
  { params, split, signal }: MethodContext<DistillParams>,
  { labels }: Lessons,
): Promise<Pupils> {
  if (split === undefined) {
    throw new LatheError("invalid-data", "Distillation needs samples and the project has none.", {
      hint: 'Import data with "lathe import data PATH".',
    });
  }
  const training = split("train");
  const isLabelled = training.classes !== undefined;
  if (!isLabelled && labels > 0) {
    throw new LatheError(
      "invalid-data",
      `The data set has no labels, and the recipe gives them the weight "${Number(labels.toFixed(6))}".`,
      { hint: "Give the teacher the weight 1, or import the data with labels." },
    );
  }
  if (params.unlabelled === "") {
    const samples = { labelled: isLabelled ? training.count : 0, unlabelled: isLabelled ? 0 : training.count };
    const close = (): Promise<void> => Promise.resolve();
    return { training, isLabelled, samples, unlabelled: undefined, key: "", close };
  }
  const more = await openDataset(params.unlabelled, { unreadable: "skip", signal });
  const indices = Int32Array.from({ length: more.info.count }, (_, i) => i);
  const joined = joinStreams(training, sampleStream(more, { indices, preprocessing: training.preprocessing }));
  const { fingerprint } = more.info;
  return {
    training: joined,
    isLabelled,
    samples: {
      labelled: isLabelled ? training.count : 0,
      unlabelled: more.info.count + (isLabelled ? 0 : training.count),
    },
    unlabelled: { path: params.unlabelled, fingerprint },
    key: `-${fingerprint.slice(0, 8)}`,
    close: () => more.close(),
  };
}

/** On the labels alone, for as many updates. */
async function trainPlain(
  context: MethodContext<DistillParams>,
  { training, key, samples }: Pupils,
): Promise<{ readonly model: Model; readonly history: readonly EpochResult[] }> {
  const { params, model, emit } = context;
  const title = "Baseline: the student without its teacher";
  emit({ kind: "stage", name: title });
  const share = training.count / Math.max(1, samples.labelled);
  return fineTune(context, model, {
    params: { ...params, teacher: "", epochs: Math.max(1, Math.round(params.epochs * share)) },
    stage: `undistilled${key}`,
    title,
    plan: { freeze: params.freeze },
  });
}

interface Guide {
  readonly teach: Teach;
  readonly answers: Answers | undefined;
  close(): Promise<void>;
}

/** Opens the teacher when it is first asked, so that answers on disk cost nothing. */
async function openGuide(
  { params, seed, session, host, signal, emit, cache }: MethodContext<DistillParams>,
  { teacher: model, labels, logits, features, answers: wanted }: Lessons,
  { training }: Pupils,
): Promise<Guide> {
  const values = [...(logits ? [logitsOf(model)] : []), ...features.map((f) => f.value)];
  let opened: Promise<Teacher> | undefined;
  const teacher = (): Promise<Teacher> => (opened ??= openTeacher(model, { values, session, host, signal }));
  const close = async (): Promise<void> => {
    await (await opened)?.close();
  };
  try {
    const { augment = {}, batch } = fineTunePlan(params);
    const key = { teacher: params.teacher, threads: session.threads ?? 1, provider: session.provider ?? "cpu" };
    const common = { samples: training, augment, batch, seed, teacher, key, host, signal, emit };
    const classes = training.classes?.length;
    const isKept = wanted !== undefined && fitsMemory(wanted, training.count, classes);
    const answers = isKept
      ? await collectAnswers({ ...common, ...wanted, ...(cache !== undefined && { cache }) })
      : undefined;
    const teach: Teach = async (batch, { epoch }) => {
      const said = answers ? [answers.logits(batch.indices, epoch)] : await (await teacher()).ask(batch.input);
      if (logits) checkClasses(said[0], classes);
      return [...(labels > 0 ? [labelsOf(batch)] : []), ...said];
    };
    return { teach, answers, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

/** Most bytes of answers that are held in memory. */
const MOST = 2 ** 30;

/** @throws limit-exceeded where answers are wished for and there would be too many */
function fitsMemory(
  { views, top, isWished }: NonNullable<Lessons["answers"]>,
  samples: number,
  classes = 1000,
): boolean {
  const bytes = views * samples * (top === 0 || top >= classes ? 4 * classes : 8 * top + 4);
  if (bytes <= MOST) return true;
  if (!isWished) return false;
  throw new LatheError("limit-exceeded", `The teacher's answers would take "${formatBytes(bytes)}".`, {
    hint: "Keep fewer views, or only the highest classes of each answer.",
  });
}

/** Labels as targets, −1 for samples without; nothing where all have one, so that the training checks them. */
function labelsOf({ labels }: Batch): NdArray | undefined {
  if (labels?.includes(-1) !== true) return undefined;
  return { type: "int64", dims: [labels.length], data: BigInt64Array.from(labels, BigInt) };
}

function checkClasses(logits: NdArray | undefined, classes: number | undefined): void {
  const size = logits === undefined ? 0 : elementCount(logits.dims.slice(1));
  if (classes === undefined || size === classes) return;
  throw new LatheError("unsupported", `The teacher has "${size}" classes and the data ${classes}.`, {
    hint: "Choose a teacher that was trained on the same classes.",
  });
}
