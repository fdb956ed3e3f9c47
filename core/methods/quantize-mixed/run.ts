import { throwIfCancelled } from "../../base/cancel.ts";
import { LatheError } from "../../base/error.ts";
import { formatPercent } from "../../base/format.ts";
import type { Model } from "../../graph/model.ts";
import { timeModels } from "../../measure/timeModels.ts";
import { findWeights } from "../../measure/weights.ts";
import { assignChoices, leastCost } from "../../search/assign.ts";
import { formatOf, type FormatName } from "../../transform/formats.ts";
import type { Assignment } from "../../transform/writeFormats.ts";
import type { MethodContext, MethodResult } from "../define.ts";
import { calibrateFormats, type Calibrated } from "../formatCalibration.ts";
import { scoreModels } from "../scores.ts";
import { costTable, needsOf, sumOf, type Costs } from "./costs.ts";
import { formatCost, type Findings, type FrontPoint } from "./findings.ts";
import type { Params } from "./params.ts";
import { remembering } from "./remember.ts";
import { judgeLayers, type Judged, type Judgement } from "./sensitivity.ts";

type Context = MethodContext<Params>;

/** Gives each layer the format that an integer programme finds, for one budget or several. */
export async function run(context: Context): Promise<MethodResult<Findings>> {
  const { params, host, signal, emit } = context;
  const calibrated = await calibrateFormats(context, "Mixed precision");
  const remember = remembering(context.trials, host);
  const judgement = await judgeLayers(context, calibrated, remember);
  const costs = await costTable(context, { calibrated, judged: judgement.layers, remember });
  const eight = calibrated.uniform("w8a8");
  const eightBits = calibrated.write(eight);
  const reference = {
    float: costOf(costs, calibrated, calibrated.uniform("fp32")),
    eightBits: costs.actual(eightBits, eight),
  };
  const solver = makeSolver({ context, calibrated, judgement, costs });
  const found: Solved[] = [];
  for (const limit of [...new Set([params.limit, ...params.front])]) {
    throwIfCancelled(signal);
    emit({ kind: "stage", name: `Solve for ${limit}` });
    const solved = await solver(limit, limit * reference.eightBits);
    // Below the least that can be, every limit gives the same model.
    const isKnown =
      solved.point.wanted !== undefined && found.some(({ point }) => point.actual === solved.point.actual);
    if (isKnown)
      emit({ kind: "message", level: "warning", text: `Limit ${limit} gives nothing less than the others.` });
    else found.push(solved);
  }
  const [main] = found;
  emit({ kind: "stage", name: "Time the result" });
  const { session, seed } = context;
  const timed = await timeModels([main!.model, eightBits, calibrated.model], {
    session,
    batch: 1,
    seconds: 0.6,
    seed,
    host,
    signal,
  });
  const [mixed = 0, ofEight = 0, ofFloat = 0] = timed;
  const common = {
    unit: costs.unit,
    ...reference,
    front: found.map(({ point }) => point).toSorted((a, b) => a.limit - b.limit),
    times: { mixed, eightBits: ofEight, float: ofFloat },
    samples: calibrated.stream.count,
    ...(judgement.traceError !== undefined && { traceError: judgement.traceError }),
  };
  const results = found.map(({ point, model, assignment, scores }) => {
    const findings: Findings = {
      ...common,
      limit: point.limit,
      layers: layersOf({ calibrated, costs, judged: judgement.layers, assignment }),
      ...(scores && { scores }),
    };
    return { suffix: `@${point.limit}`, model, findings, warnings: warningsOf(findings) };
  });
  const [{ model, findings, warnings }, ...others] = results as [(typeof results)[number], ...typeof results];
  return { model, findings, warnings, ...(others.length > 0 && { others }) };
}

interface Solved {
  readonly point: FrontPoint;
  readonly model: Model;
  readonly assignment: Assignment;
  readonly scores: Findings["scores"];
}

interface Solving {
  readonly context: Context;
  readonly calibrated: Calibrated;
  readonly judgement: Judgement;
  readonly costs: Costs;
}

const costOf = (costs: Costs, { model }: Calibrated, assignment: Assignment): number =>
  [...assignment.values()].every((f) => f === "fp32") && costs.unit === "B"
    ? costs.actual(model, assignment)
    : sumOf(costs, assignment);

function makeSolver({ context, calibrated, judgement, costs }: Solving) {
  const { params } = context;
  const free = calibrated.layers.filter(({ node }) => (judgement.layers.get(node.name)?.length ?? 0) > 0);
  if (free.length === 0) {
    throw new LatheError("invalid-recipe", `No layer can have any of the formats "${params.formats.join(", ")}".`, {
      hint: "Offer w8 or fp16, which every layer with weights can have.",
    });
  }
  const choicesOf = (name: string): readonly Judged[] => judgement.layers.get(name)!;
  // Each uniform format is the same model for every budget.
  const uniforms = new Map<FormatName, { readonly model: Model; readonly kl: number; readonly actual: number }>();
  const uniform = async (name: FormatName) => {
    const known = uniforms.get(name);
    if (known !== undefined) return known;
    const assignment = calibrated.uniform(name);
    const model = calibrated.write(assignment);
    const made = { model, kl: await judgement.divergence(model), actual: costs.actual(model, assignment) };
    uniforms.set(name, made);
    return made;
  };
  const things = free.map(({ node }) =>
    choicesOf(node.name).map(({ format, harm }) => {
      const needs = needsOf(format);
      return { harm, cost: costs.of(node.name, format), ...(needs !== undefined && { needs }) };
    }),
  );
  const solve = async (budget: number): Promise<readonly (Judged & { readonly name: string })[]> => {
    // Rounding must not make the least budget a little too small.
    const limit = Math.max(budget - costs.fixed, await least);
    const chosen = await assignChoices(things, { limit, shared: costs.shared });
    return free.map(({ node }, i) => ({ name: node.name, ...choicesOf(node.name)[chosen[i]!]! }));
  };
  const least = leastCost(things, costs.shared);
  const written = async (budget: number) => {
    const picks = await solve(budget);
    const assignment: Assignment = new Map(picks.map(({ name, format }) => [name, format]));
    const model = calibrated.write(assignment);
    const [predicted, actual] = [sumOf(costs, assignment), costs.actual(model, assignment)];
    return { picks, assignment, model, predicted, actual };
  };
  return async (limit: number, wanted: number): Promise<Solved> => {
    const budget = Math.max(wanted, costs.fixed + (await least));
    let made = await written(budget);
    let slack = 0;
    // Neighbours share constants that each counts as its own; what that leaves of the budget is worth a second look.
    for (let gap = made.predicted - made.actual; gap > slack; gap = made.predicted - made.actual) {
      const next = await written(budget + gap);
      if (next.actual > budget) break;
      [made, slack] = [next, gap];
    }
    const { picks, assignment, model, predicted, actual } = made;
    let best:
      { readonly name: FormatName; readonly model: Model; readonly kl: number; readonly actual: number } | undefined;
    for (const name of new Set(params.formats)) {
      const made = await uniform(name);
      if (made.actual <= budget && (best === undefined || made.kl < best.kl)) best = { name, ...made };
    }
    const others = [
      ...(best === undefined ? [] : [{ label: `Uniform ${best.name}`, model: best.model }]),
      { label: "Float", model: calibrated.model },
    ];
    const scores = await scoreModels(context, { label: "Mixed", model }, others);
    const uniformAccuracy = scores?.scores.find((s) => s.label.startsWith("Uniform"))?.accuracy;
    const point: FrontPoint = {
      limit,
      budget,
      ...(actual > wanted && { wanted }),
      slack,
      predicted,
      actual,
      harm: picks.reduce((sum, { harm }) => sum + harm, 0),
      kl: await judgement.divergence(model),
      ...(scores && { accuracy: scores.scores[0]!.accuracy }),
      ...(best && {
        uniform: {
          format: best.name,
          actual: best.actual,
          kl: best.kl,
          ...(uniformAccuracy !== undefined && { accuracy: uniformAccuracy }),
        },
      }),
    };
    return { point, model, assignment, scores };
  };
}

interface Choosing {
  readonly calibrated: Calibrated;
  readonly costs: Costs;
  readonly judged: ReadonlyMap<string, readonly Judged[]>;
  readonly assignment: Assignment;
}

function layersOf({ calibrated, costs, judged, assignment }: Choosing): Findings["layers"] {
  const weights = findWeights(calibrated.model.graph);
  return calibrated.layers.map(({ node }) => ({
    node: node.name,
    op: node.op,
    macs: costs.macs.get(node.name) ?? 0,
    weights: weights.get(node)?.parameters ?? 0,
    format: assignment.get(node.name) ?? "fp32",
    choices: (judged.get(node.name) ?? []).map(({ format, harm }) => ({
      format,
      harm,
      cost: costs.of(node.name, format),
    })),
  }));
}

function warningsOf({ layers, front, limit, unit, times, eightBits }: Findings): readonly string[] {
  const warnings: string[] = [];
  const cost = (value: number): string => formatCost(unit, value);
  const simulated = layers.filter(({ format }) => formatOf(format).isSimulated);
  if (simulated.length > 0) {
    const which = simulated.length === 1 ? `"${simulated[0]!.node}" has` : `${simulated.length} layers have`;
    warnings.push(
      `${which} activations of fewer than eight bits, for which this runtime has no kernel: the numbers are those of such a kernel, the speed is not.`,
    );
  }
  const point = front.find((p) => p.limit === limit);
  if (point?.wanted !== undefined) {
    warnings.push(
      `Nothing on offer keeps within the budget of ${cost(point.wanted)}, ${formatPercent(limit)} of eight bits everywhere: the nearest that does was taken, ${cost(point.actual)} or ${formatPercent(point.actual / eightBits)}. Offer narrower formats, or raise the limit.`,
    );
  }
  if (point?.uniform !== undefined && point.uniform.kl < point.kl) {
    warnings.push(
      `Uniform ${point.uniform.format} changes the outputs less (${point.uniform.kl.toExponential(2)} against ${point.kl.toExponential(2)} nats) at no greater cost: the harms of single layers do not add up here.`,
    );
  }
  if (unit === "ms" && point !== undefined && times.mixed > 1.1 * point.budget) {
    warnings.push(
      `A call takes ${times.mixed.toFixed(3)} ms, more than the budget of ${point.budget.toFixed(3)} ms: the table does not know what changes of format between layers cost.`,
    );
  }
  return warnings;
}
