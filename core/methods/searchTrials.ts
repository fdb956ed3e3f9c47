import { throwIfCancelled } from "../base/cancel.ts";
import { LatheError, toLatheError } from "../base/error.ts";
import type { Host } from "../base/host.ts";
import type { Emit } from "../contract/event.ts";
import type { Trial } from "../contract/trial.ts";
import { failedScore, scoreOf, type Constraint, type Objective, type Score } from "../search/objectives.ts";
import { keyOf } from "../search/points.ts";
import type { Proposal, Sampler } from "../search/sampler.ts";
import type { Point } from "../search/space.ts";
import type { TrialLog } from "./define.ts";
import type { NetPoint } from "./searchSpace.ts";

/** A log for runs without a project. */
export function memoryLog(): TrialLog {
  const done: Trial[] = [];
  return {
    done,
    add: (trial) => {
      done.push(trial);
      return Promise.resolve();
    },
  };
}

/** What a point came to. */
export type Tried = Pick<Trial, "state" | "values" | "note">;

export interface TrialsOptions {
  /** Whose trials these are: samplers share one log. */
  readonly group: string;
  readonly sampler: Sampler;
  readonly trials: number;
  readonly objectives: readonly Objective[];
  readonly constraints: readonly Constraint[];
  readonly log: TrialLog;
  /**
   * Trains and measures a point. Throwing "unsupported", "numeric" or "invalid-argument" makes it a failed trial; anything else
   * ends the search.
   */
  readonly evaluate: (proposal: Proposal, number: number) => Promise<Tried>;
  readonly host: Host;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/** A trial with the score by which the sampler went. */
export interface ScoredTrial {
  readonly trial: Trial;
  readonly score: Score;
  readonly origin: Proposal["origin"];
  readonly budget: number;
}

/** Share of the full effort that a trial got. */
export const BUDGET = "budget";

/**
 * Tries points until there are enough or nothing new is left. Trials of the log are taken as they are, so that a search
 * goes on where it was stopped. A point that another group has tried with the same effort is not trained again.
 * @throws integrity where the log holds other points than this search asks for
 */
export async function runTrials(options: TrialsOptions): Promise<readonly ScoredTrial[]> {
  const { group, trials, objectives, constraints, log, evaluate, host, signal, emit } = options;
  const score = ({ state, values }: Tried): Score =>
    state === "failed" ? failedScore(objectives) : scoreOf(values, { objectives, constraints });
  const own = log.done.filter((t) => t.group === group);
  const known = new Map(log.done.filter((t) => t.state !== "failed").map((t) => [keyWith(t.point, budgetOf(t)), t]));
  const found: ScoredTrial[] = [];
  let sampler = options.sampler;
  for (let number = 0; number < trials; number++) {
    throwIfCancelled(signal);
    const proposal = sampler.ask();
    if (proposal === undefined) {
      emit({ kind: "message", level: "info", text: `${group}: nothing new is left after ${number} nets.` });
      break;
    }
    let trial = own[number];
    if (trial !== undefined) checkTrial(trial, proposal, group);
    else {
      const started = host.clock.milliseconds();
      const same = known.get(keyWith(proposal.point, proposal.budget));
      const tried = same === undefined ? await attempt(() => evaluate(proposal, number)) : copyOf(same);
      trial = {
        number,
        group,
        point: proposal.point as NetPoint,
        ...tried,
        values: { ...tried.values, [BUDGET]: proposal.budget },
        seconds: (host.clock.milliseconds() - started) / 1000,
      };
      await log.add(trial);
      known.set(keyWith(trial.point, proposal.budget), trial);
      emit({ kind: "message", level: "info", text: describe(trial, trials) });
    }
    const scored = { trial, score: score(trial), origin: proposal.origin, budget: proposal.budget };
    found.push(scored);
    sampler = sampler.tell({ point: proposal.point, budget: proposal.budget, ...scored.score });
    emit({ kind: "progress", done: number + 1, total: trials, unit: "nets" });
  }
  return found;
}

const budgetOf = ({ values }: Trial): number => values[BUDGET] ?? 1;

const keyWith = (point: Point, budget: number): string => `${budget} ${keyOf(point)}`;

function copyOf({ state, values, group, number }: Trial): Tried {
  return { state, values, note: `As number ${number} of ${group ?? "another search"}.` };
}

function checkTrial({ point, number }: Trial, proposal: Proposal, group: string): void {
  if (keyOf(point) === keyOf(proposal.point)) return;
  throw new LatheError("integrity", `Trial "${number}" of ${group} was made by another search.`, {
    hint: "Remove the run's work folder; the search then starts anew.",
  });
}

const OF_THE_POINT: ReadonlySet<string> = new Set(["unsupported", "numeric", "invalid-argument"]);

async function attempt(evaluate: () => Promise<Tried>): Promise<Tried> {
  try {
    return await evaluate();
  } catch (thrown) {
    const error = toLatheError(thrown);
    if (!OF_THE_POINT.has(error.code)) throw thrown;
    return { state: "failed", values: {}, note: error.message };
  }
}

function describe({ group, number, state, values, note }: Trial, trials: number): string {
  const figures = Object.entries(values)
    .filter(([name]) => !name.includes("@") && name !== BUDGET && name !== "reference")
    .map(([name, x]) => `${name} ${Math.abs(x) >= 1000 ? Math.round(x).toLocaleString("en-US") : x.toPrecision(3)}`);
  const end = state === "done" ? "" : `, ${state}${note === undefined ? "" : `: ${note}`}`;
  return `${group ?? "search"} ${number + 1} of ${trials}: ${figures.join(", ")}${end}`;
}
