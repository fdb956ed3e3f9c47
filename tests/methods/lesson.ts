import { nodeHost } from "../../core/app/nodeHost.ts";
import type { Json } from "../../core/base/json.ts";
import type { SplitName } from "../../core/contract/dataset.ts";
import type { ProgressEvent } from "../../core/contract/event.ts";
import type { SampleStream } from "../../core/data/batches.ts";
import type { Model } from "../../core/graph/model.ts";
import { findMethod } from "../../core/methods/catalogue.ts";
import type { MethodContext, MethodResult } from "../../core/methods/define.ts";
import { smallNet } from "../train/models.ts";
import { stripes } from "../train/pictures.ts";

/** Splits of the stripes: four classes that a small net learns in a second. */
export const stripeSplit =
  (training = 256): ((name: SplitName) => SampleStream) =>
  (name) =>
    stripes(name === "train" ? training : 128, { train: 1, validation: 2, test: 3, calibration: 4 }[name]);

export type LessonOptions = Partial<Omit<MethodContext<unknown>, "params">>;

export interface Lesson extends MethodResult<Json> {
  readonly events: readonly ProgressEvent[];
}

/** Runs a method on the small net and the stripes, unless told otherwise. */
export async function runLesson(
  id: string,
  params: Readonly<Record<string, Json>>,
  options: LessonOptions = {},
): Promise<Lesson> {
  const method = await findMethod(id);
  const events: ProgressEvent[] = [];
  const split = stripeSplit();
  const { emit, ...rest } = options;
  const result = await method.run({
    model: smallNet({ classes: 4 }),
    seed: 1,
    split,
    calibration: split("calibration"),
    session: { threads: 1 },
    host: nodeHost,
    signal: new AbortController().signal,
    emit: (event) => {
      events.push(event);
      emit?.(event);
    },
    ...rest,
    params: method.parse(params),
  });
  return { ...result, events };
}

/** A net that knows the stripes well. */
export async function trainedNet(model: Model = smallNet({ classes: 4, widths: [8, 16, 16] })): Promise<Model> {
  return (await runLesson("train", { epochs: 6, batch: 32, rate: 0.1 }, { model })).model;
}
