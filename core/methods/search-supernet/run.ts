import { countPoints } from "../../search/points.ts";
import { nsga2Sampler } from "../../search/nsga2.ts";
import { randomSampler, type Proposal, type Sampler, type SamplerOptions } from "../../search/sampler.ts";
import { train } from "../../train/train.ts";
import { initialize } from "../../zoo/build.ts";
import { staged, type StagedParams } from "../../zoo/staged.ts";
import type { MethodContext, MethodResult, OtherResult } from "../define.ts";
import { spreadOver, summarize, type GroupOf } from "../searchFindings.ts";
import { constraintsOf, objectivesOf, samplesOf } from "../searchNets.ts";
import { timeModels } from "../searchLatency.ts";
import { trialPlan } from "../searchParams.ts";
import { costsOfNet, taskOf } from "../searchSpace.ts";
import type { LatencyPredictor } from "../searchTable.ts";
import { memoryLog, runTrials, type Tried } from "../searchTrials.ts";
import { accuracyOf, subnetMaker, type SubnetMaker } from "./evaluate.ts";
import type { AloneNet, SupernetFindings } from "./findings.ts";
import { makePredictor } from "./latency.ts";
import type { Params } from "./params.ts";
import { asSubnet, elasticSpaceOf, subnetSpace } from "./subnets.ts";
import { trainSupernet, type TrainedSupernet } from "./train.ts";

/** Trains a supernet, looks for its best subnets, and takes them out. */
export async function run(context: MethodContext<Params>): Promise<MethodResult<SupernetFindings>> {
  const { params, seed, session, host, signal, emit, work } = context;
  const task = taskOf(context.model);
  const space = elasticSpaceOf(task, params);
  const points = subnetSpace(space);
  const { training, validation } = samplesOf(context);
  if (work !== undefined) await host.files.makeFolder(work.folder);
  const supernet = await trainSupernet({
    space,
    plan: trialPlan(params, params.epochs),
    random: params.random,
    distill: params.distill,
    training,
    seed,
    session,
    host,
    signal,
    emit,
    ...(work && { saving: { path: host.files.join(work.folder, "supernet"), key: `${work.key}/supernet` } }),
  });
  context.trained?.({ title: "Training the supernet", ...supernet.rate });
  const { net, model } = supernet;
  const { batch, calibration } = params;
  const maker = subnetMaker({ space, net, model, seed, training, calibration, batch, session, host, signal });
  const wantsLatency = params.objectives.includes("latency") || params.maxLatency > 0;
  const predictor = wantsLatency ? await makePredictor(context, { space, points, largest: net.largest }) : undefined;
  const describe = (subnet: StagedParams) => staged.describe({ ...task, params: subnet });
  const costs = (subnet: StagedParams): Readonly<Record<string, number>> => ({
    ...costsOfNet(describe(subnet)),
    ...(predictor && { latency: predictor.predict(describe(subnet)) }),
  });
  const [objectives, constraints] = [objectivesOf(params), constraintsOf(params)];
  const options: SamplerOptions = {
    space: points,
    seed,
    accepts: (point) => {
      const known = costs(asSubnet(point));
      return constraints.every(({ name, most = Infinity }) => (known[name] ?? 0) <= most);
    },
  };
  const log = context.trials ?? memoryLog();
  const evaluate = async ({ point }: Proposal): Promise<Tried> => {
    const subnet = asSubnet(point);
    const accuracy = await accuracyOf(await maker.take(subnet), validation, context);
    return { state: "done", values: { accuracy, ...costs(subnet) } };
  };
  const look = async (group: string, sampler: Sampler): Promise<GroupOf> => {
    emit({ kind: "stage", name: `Subnets: ${group}` });
    const { trials } = params;
    const shared = { objectives, constraints, log, evaluate, host, signal, emit };
    return { group, trials: await runTrials({ group, sampler, trials, ...shared }) };
  };
  const groups = [
    ...(params.baseline ? [await look("random", randomSampler(options))] : []),
    await look("evolution", nsga2Sampler({ ...options, population: params.population })),
  ];
  const summary = summarize(groups, { objectives, classes: task.classes, goal: params.goal });
  const count = countPoints(points);
  const findings: SupernetFindings = {
    ...(Number.isSafeInteger(count) && { points: count }),
    objectives,
    validation: validation.count,
    ...summary,
    ...(predictor && { predictor: predictor.findings }),
    losses: supernet.losses,
    samples: supernet.samples,
    largest: { point: net.largest, accuracy: await accuracyOf(await maker.take(net.largest), validation, context) },
    difference: 0,
    alone: [],
  };
  return resultOf(context, findings, { maker, supernet, predictor });
}

interface Parts {
  readonly maker: SubnetMaker;
  readonly supernet: TrainedSupernet;
  readonly predictor: LatencyPredictor | undefined;
}

async function resultOf(
  context: MethodContext<Params>,
  findings: SupernetFindings,
  { maker, predictor }: Parts,
): Promise<MethodResult<SupernetFindings>> {
  const { params, emit } = context;
  const { front, chosen } = findings;
  emit({ kind: "stage", name: "Taking subnets out" });
  const places = [chosen, ...spreadOver(front.length, chosen, params.others)];
  const models = [];
  let difference = 0;
  for (const i of places) {
    const subnet = asSubnet(front[i]!.point);
    const model = await maker.take(subnet);
    difference = Math.max(difference, await maker.verify(subnet, model));
    models.push(model);
  }
  const alone = await trainAlone(context, findings);
  const times = predictor === undefined ? undefined : await timeModels(models, context);
  const measured = times?.map((latency, k) => ({ place: places[k]!, latency }));
  const whole = { ...findings, difference, alone, ...(measured && { measured }) };
  const [main, ...rest] = models;
  const warnings = warningsOf(whole);
  return {
    model: main!,
    findings: whole,
    warnings,
    others: rest.map((model, k): OtherResult<SupernetFindings> => {
      const place = places[k + 1]!;
      const { group, number } = front[place]!;
      return { suffix: `${group}-${number + 1}`, model, findings: { ...whole, chosen: place }, warnings };
    }),
  };
}

/** The same nets from scratch, with the same plan and as many samples: what sharing weights costs them. */
async function trainAlone(
  context: MethodContext<Params>,
  { front, chosen }: SupernetFindings,
): Promise<readonly AloneNet[]> {
  const { params, seed, session, host, signal, emit, work } = context;
  const { training, validation } = samplesOf(context);
  const task = taskOf(context.model);
  const found: AloneNet[] = [];
  if (params.alone === 0) return found;
  for (const i of [chosen, ...spreadOver(front.length, chosen, params.alone - 1)]) {
    emit({ kind: "stage", name: `Training net ${found.length + 1} of ${Math.min(params.alone, front.length)} alone` });
    const path = work && host.files.join(work.folder, `alone-${i}`);
    const { history, rate } = await train({
      model: initialize(staged.describe({ ...task, params: asSubnet(front[i]!.point) }), seed),
      plan: trialPlan(params, params.epochs),
      training,
      validation,
      seed,
      session,
      host,
      signal,
      emit: () => undefined,
      ...(path !== undefined && { saving: { path, key: `${work!.key}/alone/${i}` } }),
    });
    context.trained?.({ title: `Net ${found.length + 1} alone`, ...rate });
    found.push({ place: i, shared: front[i]!.values["accuracy"] ?? 0, alone: history.at(-1)?.accuracy ?? 0 });
  }
  return found;
}

function warningsOf({ groups, alone }: SupernetFindings): readonly string[] {
  const warnings = ["The accuracy chose the net on the validation samples; measure it on the test samples."];
  const last = (group: string): number | undefined => groups.find((g) => g.group === group)?.hypervolume.at(-1);
  const [random, own] = [last("random"), last("evolution")];
  if (random !== undefined && own !== undefined && own <= random)
    warnings.push("The search did no better than as many random subnets.");
  const worst = alone.reduce((least, a) => Math.min(least, a.shared / a.alone), Infinity);
  if (worst < 0.98) {
    warnings.push(
      `Sharing weights costs a net down to ${(100 * worst).toFixed(1)} % of its accuracy; fine-tune the result.`,
    );
  }
  return warnings;
}
