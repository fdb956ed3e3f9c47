import { LatheError, toLatheError } from "../base/error.ts";
import type { ProgressEvent } from "../contract/event.ts";
import type { Preparation, PreparationTrial } from "../contract/preparation.ts";
import { preprocessing as preprocessingSchema, type Preprocessing } from "../contract/preprocessing.ts";
import type { DataReading } from "../contract/project.ts";
import { sampleStream } from "../data/batches.ts";
import type { Dataset } from "../data/dataset.ts";
import { drawSamples } from "../data/drawSamples.ts";
import type { Splits } from "../data/splits.ts";
import { METADATA_KEY, suggestPreprocessing, type Suggestion } from "../data/suggest.ts";
import { ROUNDS } from "../measure/race.ts";
import type { TryOptions } from "../measure/tryPreparations.ts";
import { readModel } from "../onnx/read.ts";
import { runChild } from "../runtime/child.ts";
import { withModelFile } from "./modelFiles.ts";
import { inputOf } from "./modelInput.ts";
import { reasonsOf } from "./preparationReasons.ts";
import { baselineOf, type Project, type Work } from "./project.ts";

/** What the probe is asked: which samples of a data set to try a model on. */
export interface PreparationTask extends Pick<TryOptions, "guess" | "indices" | "split" | "seed" | "limit"> {
  readonly path: string;
  readonly location: string;
  readonly reading: DataReading;
  readonly index: Dataset["index"];
}

export interface ChooseOptions extends Work {
  /** A preset's name, or a file of JSON; what somebody chose is never tried against others. */
  readonly wish: string | undefined;
  readonly reading: DataReading;
  readonly splits: Splits;
  /** Of the samples that are tried. */
  readonly seed: number;
}

export interface ChosenPreparation {
  readonly preprocessing: Preprocessing;
  readonly preparation: Preparation;
}

/** Milliseconds that trying may take. */
const LIMIT = 30_000;

/**
 * Decides how samples become the baseline's input: as was asked for, as the model's metadata say, as answers best on
 * samples with labels, or as shapes and types suggest. That nothing can be tried is a reason among others.
 * @throws not-found, unsupported, invalid-argument, invalid-model; cancelled
 */
export async function choosePreparation(
  project: Project,
  dataset: Dataset,
  options: ChooseOptions,
): Promise<ChosenPreparation> {
  const { wish } = options;
  if (wish?.endsWith(".json") === true) {
    const preprocessing = await readPreprocessing(project, wish);
    return { preprocessing, preparation: { by: "chosen", reasons: [`"${wish}" says so.`] } };
  }
  const baseline = baselineOf(project);
  return withModelFile(project, baseline, async (path) => {
    const model = await readModel(path, project.host);
    const hints = { ...(model.metadata && { metadata: model.metadata }), ...(wish !== undefined && { preset: wish }) };
    const suggestion = suggestPreprocessing(inputOf(model), dataset.info, hints);
    const { preprocessing, reasons } = suggestion;
    if (wish !== undefined) return { preprocessing, preparation: { by: "chosen", reasons } };
    if (model.metadata?.[METADATA_KEY] !== undefined)
      return { preprocessing, preparation: { by: "metadata", reasons } };
    return tried(suggestion, dataset, { ...options, path });
  });
}

async function tried(
  suggestion: Suggestion,
  dataset: Dataset,
  options: ChooseOptions & { readonly path: string },
): Promise<ChosenPreparation> {
  const { preprocessing: guess, reasons } = suggestion;
  const keep = (why: string): ChosenPreparation => ({
    preprocessing: guess,
    preparation: { by: "guess", reasons: [...reasons, why] },
  });
  const { splits, signal, emit, reading, seed, path } = options;
  const why = whyNothingCanBeTried(dataset, splits);
  if (why !== undefined) return keep(why);
  const split = splits.train.length > 0 ? "train" : "validation";
  const drawn = drawSamples(
    sampleStream(dataset, { indices: splits[split], preprocessing: guess }),
    ROUNDS.at(-1)!,
    seed,
  );
  const task: PreparationTask = {
    path,
    location: dataset.info.path,
    reading,
    index: dataset.index,
    guess,
    indices: drawn.indices,
    split,
    seed,
    limit: LIMIT,
  };
  emit({ kind: "stage", name: "Trying preparations" });
  let trial: PreparationTrial;
  try {
    // In a process of its own: nobody knows this model yet, and what runs it may crash.
    trial = await runChild<PreparationTrial>(new URL("./preparationProbe.ts", import.meta.url), task, {
      signal,
      onTold: (told) => emit(told as ProgressEvent),
    });
  } catch (thrown) {
    const { code, message } = toLatheError(thrown);
    if (code === "cancelled") throw thrown;
    return keep(`No preparation could be tried. ${message}`);
  }
  const taken = trial.tried.find(({ name }) => name === trial.taken);
  return {
    preprocessing: taken?.preprocessing ?? guess,
    preparation: { by: "trial", reasons: reasonsOf(suggestion, trial), trial },
  };
}

function whyNothingCanBeTried({ info, labels }: Dataset, { train, validation }: Splits): string | undefined {
  if (info.classes === undefined || labels === undefined)
    return "The data have no labels, so nothing here can tell whether the model gets its input as it was trained. Ask whoever trained it, or import data with labels.";
  if (info.classes.length < 2) return "The data have one class, with which every preparation looks right.";
  if (train.length + validation.length === 0)
    return "All samples are in the test split, which is not looked at before the end, so no preparation was tried.";
  return undefined;
}

async function readPreprocessing({ host }: Project, path: string): Promise<Preprocessing> {
  const text = new TextDecoder().decode(await host.files.read(path));
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    throw new LatheError("invalid-argument", `"${path}" is not JSON.`, {
      cause,
      hint: "Give a preprocessing as JSON.",
    });
  }
  const parsed = preprocessingSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new LatheError(
    "invalid-argument",
    `"${path}" is not a preprocessing: "${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}".`,
    { hint: "An export bundle holds an example, preprocessing.json." },
  );
}
