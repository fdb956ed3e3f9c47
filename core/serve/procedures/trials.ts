import { trialRecipe } from "../../app/trialRecipe.ts";
import type { TrialAnswer, TrialQuestion } from "../../app/trialQueries.ts";
import { server } from "../base.ts";
import type { Engine } from "../engine.ts";

const { trials } = server;

interface Asked<Q extends TrialQuestion> {
  readonly engine: Engine;
  readonly project: string;
  readonly question: Q;
  readonly signal: AbortSignal | undefined;
}

async function ask<Q extends TrialQuestion>({ engine, project, question, signal }: Asked<Q>): Promise<TrialAnswer<Q>> {
  const { store } = await engine.projects.get(project);
  return engine.trials.ask(store.folder, question, signal);
}

export const trialProcedures = trials.router({
  summary: trials.summary.handler(({ input: { project }, context: { engine }, signal }) =>
    ask({ engine, project, question: { kind: "summary" }, signal }),
  ),
  page: trials.page.handler(({ input: { project, ...rest }, context: { engine }, signal }) =>
    ask({ engine, project, question: { kind: "page", ...rest }, signal }),
  ),
  points: trials.points.handler(({ input: { project, ...rest }, context: { engine }, signal }) =>
    ask({ engine, project, question: { kind: "points", ...rest }, signal }),
  ),
  front: trials.front.handler(({ input: { project, ...rest }, context: { engine }, signal }) =>
    ask({ engine, project, question: { kind: "front", ...rest }, signal }),
  ),
  importance: trials.importance.handler(({ input: { project, ...rest }, context: { engine }, signal }) =>
    ask({ engine, project, question: { kind: "importance", ...rest }, signal }),
  ),
  recipe: trials.recipe.handler(async ({ input, context: { engine } }) =>
    trialRecipe(await engine.projects.get(input.project), input.trial),
  ),
});
