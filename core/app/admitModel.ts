import { toLatheError } from "../base/error.ts";
import { countCalled, functionsOf } from "../graph/calls.ts";
import { describeNan, NAN_HINT } from "../graph/nanConstants.ts";
import type { Model } from "../graph/model.ts";
import { whyNotRunnable } from "../graph/runnable.ts";
import { withTypedConditions } from "../graph/typedConditions.ts";
import { withUniqueNames } from "../graph/uniqueNames.ts";
import { constantBytes } from "../measure/weights.ts";
import { withSession } from "../runtime/session.ts";
import { findNan } from "./nanWeights.ts";
import type { Project, Work } from "./project.ts";

/** A model as it comes into a project. */
export interface Admitted {
  /** The same where nothing had to be repaired. */
  readonly model: Model;
  /** What was repaired, and what is wrong with it, as sentences. */
  readonly warnings: readonly string[];
}

/** Bytes of constants, and ops within calls, above which the runtime is not asked to load a model only to see whether it can. */
const MOST_BYTES = 2 ** 30;
const MOST_CALLED = 10_000;

/** Looks a model over before anything is done with it, and repairs what can be repaired without changing what it computes. */
export async function admitModel(read: Model, { host }: Project, { signal }: Work): Promise<Admitted> {
  const { model, count, example } = withUniqueNames(read);
  const renamed = `${count === 1 ? "One node" : `${count} nodes`} had the name of another, "${example ?? ""}" for instance, which the runtime refuses; ${count === 1 ? "it has" : "they have"} a number behind it now.`;
  const reason = whyNotRunnable(model) ?? (await whyNotLoaded(model, host));
  const nan = await findNan(model, host, signal);
  return {
    model,
    warnings: [
      ...(count === 0 ? [] : [renamed]),
      ...(reason === undefined ? [] : [`This model can be shown and compared, but not run: ${reason}`]),
      ...(nan.length === 0 ? [] : [`The constant ${describeNan(nan)}. ${NAN_HINT}`]),
    ],
  };
}

/** What the runtime says against a model: types and shapes that do not fit, in bodies of loops and branches too. */
async function whyNotLoaded(model: Model, host: Project["host"]): Promise<string | undefined> {
  const called = countCalled(model.graph.nodes, functionsOf(model));
  if (constantBytes(model) > MOST_BYTES || called > MOST_CALLED) return undefined;
  try {
    await withSession(withTypedConditions(model), { host, optimization: "none" }, () => Promise.resolve());
    return undefined;
  } catch (thrown) {
    return toLatheError(thrown).message;
  }
}
