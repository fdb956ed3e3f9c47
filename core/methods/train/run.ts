import { LatheError } from "../../base/error.ts";
import type { Preprocessing } from "../../contract/preprocessing.ts";
import { METADATA_KEY } from "../../data/suggest.ts";
import type { Model } from "../../graph/model.ts";
import { train } from "../../train/train.ts";
import type { MethodContext, MethodResult } from "../define.ts";
import type { Findings } from "./findings.ts";
import type { Params } from "./params.ts";
import { planOf } from "./plan.ts";

/** Trains the model on the project's training samples. */
export async function run(context: MethodContext<Params>): Promise<MethodResult<Findings>> {
  const { model, params, seed, session, host, signal, emit, split, work } = context;
  if (split === undefined) {
    throw new LatheError("invalid-data", "Training needs samples and the project has none.", {
      hint: 'Import data with "lathe import data PATH".',
    });
  }
  const [training, validation] = [split("train"), split("validation")];
  if (work !== undefined) await host.files.makeFolder(work.folder);
  const result = await train({
    model,
    plan: planOf(params),
    training,
    validation,
    seed,
    session,
    host,
    signal,
    emit,
    memoryLimit: process.availableMemory(),
    ...(work !== undefined && { saving: { path: host.files.join(work.folder, "checkpoint"), key: work.key } }),
  });
  const { history, extent, parameters, epoch } = result;
  context.trained?.({ title: "Training", ...result.rate });
  return {
    model: withPreparation(result.model, training.preprocessing),
    findings: { history, extent, parameters, epoch, samples: training.count },
    warnings: warningsOf(result.history, validation.count),
  };
}

/** A trained model says itself how its samples were prepared. */
function withPreparation(model: Model, preprocessing: Preprocessing): Model {
  const metadata = { ...model.metadata, [METADATA_KEY]: JSON.stringify(preprocessing) };
  return Object.freeze({ ...model, metadata });
}

function warningsOf(history: Findings["history"], validation: number): readonly string[] {
  const warnings: string[] = [];
  if (validation === 0) warnings.push("There are no validation samples, so nothing watched for overfitting.");
  const [first, last] = [history[0], history.at(-1)];
  if (first !== undefined && last !== undefined && last.loss > first.loss) {
    warnings.push(`The loss rose from ${first.loss.toFixed(3)} to ${last.loss.toFixed(3)}; try a lower learning rate.`);
  }
  return warnings;
}
