import { throwIfCancelled } from "../base/cancel.ts";
import { LatheError } from "../base/error.ts";
import { hash } from "../base/hash.ts";
import { canonicalJson } from "../base/json.ts";
import type { SplitName } from "../contract/dataset.ts";
import type { ProgressEvent } from "../contract/event.ts";
import type { ProjectData, Variant } from "../contract/project.ts";
import type { Predictions } from "../measure/accuracy.ts";
import { runChild } from "../runtime/child.ts";
import { withModelFile } from "./modelFiles.ts";
import { packPredictions, readPredictions, unpackPredictions } from "./predictions.ts";
import type { Project, Work } from "./project.ts";
import type { OpenedData } from "./projectData.ts";

/** What the probe is asked: samples of a project's data set, and the file of the model that is to look at them. */
export interface PredictTask {
  readonly project: string;
  readonly data: ProjectData;
  readonly path: string;
  readonly indices: Int32Array;
}

/** A variant, and the part of a data set that it is asked about. */
export interface Asked {
  readonly variant: Variant;
  readonly data: OpenedData;
  readonly split: SplitName;
}

/** What a variant said of a split: from its measurements, or from an earlier question. Undefined where nobody asked. */
export async function knownPredictions(project: Project, asked: Asked): Promise<Predictions | undefined> {
  const { variant, data, split } = asked;
  const accuracy = variant.measurements?.accuracy;
  if (accuracy?.split === split && accuracy.data === data.evaluation(split)) {
    const measured = await readPredictions(project, accuracy);
    if (measured !== undefined) return measured;
  }
  const { files } = project.host;
  const file = fileOf(project, asked);
  if ((await files.info(file))?.kind !== "file") return undefined;
  return unpackPredictions(await files.read(file), data.splits[split].length);
}

/** Whether it is known what a variant said of a split. */
export async function hasPredictions(project: Project, asked: Asked): Promise<boolean> {
  const { variant, data, split } = asked;
  const accuracy = variant.measurements?.accuracy;
  const isMeasured =
    accuracy?.predictions !== undefined && accuracy.split === split && accuracy.data === data.evaluation(split);
  return isMeasured || (await project.host.files.info(fileOf(project, asked)))?.kind === "file";
}

/**
 * Asks a variant about a split, in a process of its own, and keeps the answers where the project can be written.
 * @throws unsupported for models that are no classifiers of one input; invalid-data where classes differ; cancelled
 */
export async function makePredictions(project: Project, asked: Asked, work: Work): Promise<Predictions> {
  const { variant, data, split } = asked;
  const { store, host } = project;
  const indices = data.splits[split];
  if (indices.length === 0) {
    throw new LatheError("invalid-data", `The ${split} split of "${data.data.name}" is empty.`, {
      hint: "Choose another split.",
    });
  }
  work.emit({ kind: "stage", name: `${variant.name} on ${split}` });
  const made = await withModelFile(project, variant, (path) => {
    const task: PredictTask = { project: store.folder, data: data.data, path, indices };
    return runChild<Predictions>(new URL("./predictProbe.ts", import.meta.url), task, {
      signal: work.signal,
      onTold: (told) => work.emit(told as ProgressEvent),
    });
  });
  throwIfCancelled(work.signal);
  if (store.canWrite) {
    const file = fileOf(project, asked);
    await host.files.makeFolder(host.files.folder(file));
    const writer = await host.files.create(file);
    try {
      await writer.write(packPredictions(made));
      await writer.commit();
    } finally {
      await writer.discard();
    }
  }
  return made;
}

/** Named by all that decides on the answers, so that none is ever out of date. */
function fileOf({ store, host }: Project, { variant, data, split }: Asked): string {
  const { model, external } = variant;
  const key = hash(canonicalJson({ model: model.sha256, external, samples: data.evaluation(split) }));
  return host.files.join(store.folder, "cache", "predictions", `${key}.bin`);
}
