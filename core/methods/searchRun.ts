import { halvingSampler } from "../search/halving.ts";
import { countPoints } from "../search/points.ts";
import type { Sampler, SamplerOptions } from "../search/sampler.ts";
import { LatheError } from "../base/error.ts";
import type { MethodContext, MethodResult, OtherResult } from "./define.ts";
import { effortOf, spreadOver, summarize, type GroupOf, type SearchFindings } from "./searchFindings.ts";
import {
  constraintsOf,
  meetsCounted,
  objectivesOf,
  samplesOf,
  startNetTrainer,
  type NetTrainer,
} from "./searchNets.ts";
import type { SearchParams } from "./searchParams.ts";
import { givenPoints, netSpace, taskOf } from "./searchSpace.ts";
import { memoryLog, runTrials } from "./searchTrials.ts";

/** A strategy by the name that its trials carry. */
export interface Strategy {
  readonly group: string;
  readonly start: (options: SamplerOptions) => Sampler;
}

/**
 * Runs strategies one after the other on the same space at the same effort, trains and measures what they ask for, and
 * gives the chosen net of the common front with others of it beside. Goes on from the trials that the log holds; as a net
 * that two strategies ask for is trained once, strategies that start with the same random nets share these.
 */
export async function runSearch(
  context: MethodContext<SearchParams>,
  strategies: readonly Strategy[],
): Promise<MethodResult<SearchFindings>> {
  const { params, seed, model, host, signal, emit } = context;
  const nets = netSpace(params.net, params.space, taskOf(model));
  const log = context.trials ?? memoryLog();
  const trainer = startNetTrainer(context, nets, log);
  const [objectives, constraints] = [objectivesOf(params), constraintsOf(params)];
  const options: SamplerOptions = {
    space: nets.space,
    seed,
    given: givenPoints(params.start, nets.space),
    accepts: meetsCounted(nets, constraints),
  };
  const groups: GroupOf[] = [];
  for (const { group, start } of strategies) {
    emit({ kind: "stage", name: `Search: ${group}` });
    const base = start(options);
    const trials = await runTrials({
      group,
      sampler: params.halving ? halvingSampler({ base }) : base,
      trials: params.trials,
      objectives,
      constraints,
      log,
      evaluate: (proposal) => trainer.evaluate(proposal),
      host,
      signal,
      emit,
    });
    groups.push({ group, trials });
  }
  const points = countPoints(nets.space);
  const summary = summarize(groups, { objectives, classes: nets.task.classes, goal: params.goal });
  const findings: SearchFindings = {
    ...(Number.isSafeInteger(points) && { points }),
    objectives,
    validation: samplesOf(context).validation.count,
    ...summary,
  };
  return resultOf(findings, params, trainer);
}

async function resultOf(
  findings: SearchFindings,
  params: SearchParams,
  trainer: NetTrainer,
): Promise<MethodResult<SearchFindings>> {
  const { front, chosen } = findings;
  const best = front[chosen];
  if (best === undefined) {
    throw new LatheError("invalid-recipe", "No net of the search came to a result.", {
      hint: "Loosen the bounds, give more nets, or look at the log for why they failed.",
    });
  }
  const final = params.finalEpochs > 0 ? await trainer.again(best.point, params.finalEpochs) : undefined;
  const others: OtherResult<SearchFindings>[] = [];
  for (const i of spreadOver(front.length, chosen, params.others)) {
    const other = front[i]!;
    others.push({
      suffix: `${other.group}-${other.number + 1}`,
      model: await trainer.model(other.point, effortOf(other)),
      findings: { ...findings, chosen: i },
      warnings: warningsOf(findings, other.isFeasible),
    });
  }
  return {
    model: final?.model ?? (await trainer.model(best.point, effortOf(best))),
    findings: { ...findings, ...(final && { final: { epochs: params.finalEpochs, accuracy: final.accuracy } }) },
    warnings: warningsOf(findings, best.isFeasible),
    others,
  };
}

function warningsOf({ groups, improvement }: SearchFindings, isFeasible: boolean): readonly string[] {
  const warnings: string[] = [];
  if (!isFeasible) warnings.push("No net meets the bounds; this one is on the front of those that do not.");
  const last = (group: string): number | undefined => groups.find((g) => g.group === group)?.hypervolume.at(-1);
  const [random, own] = [last("random"), last(groups.at(-1)?.group ?? "")];
  if (groups.length > 1 && random !== undefined && own !== undefined && own <= random)
    warnings.push("The search did no better than as many random nets of the same space.");
  if (improvement !== undefined && improvement.relative <= improvement.deviation / improvement.mean)
    warnings.push("The gain over the average random net is within the spread of random nets.");
  warnings.push("The accuracy chose the net on the validation samples; measure it on the test samples.");
  return warnings;
}
