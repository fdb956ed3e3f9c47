import { LatheError } from "../base/error.ts";
import { standingOf } from "./pareto.ts";
import type { Outcome, Proposal, Sampler } from "./sampler.ts";

export interface HalvingOptions {
  /** Asked for new points; told what they came to at the smallest budget, where all can be compared. */
  readonly base: Sampler;
  /** One of so many goes on to the next budget; default 3. */
  readonly factor?: number;
  /** Budgets, of which the last is the full one; each is `factor` times the one before. Default 3. */
  readonly rungs?: number;
}

/**
 * Successive halving (Jamieson & Talwalkar 2016, arXiv 1502.07943): factor^(rungs − 1) points get the smallest budget, the
 * best of them (by front, then crowding) `factor` times that, and so on until one has the full budget. Then it starts
 * over with new points.
 */
export function halvingSampler({ base, factor = 3, rungs = 3 }: HalvingOptions): Sampler {
  if (!(Number.isInteger(factor) && factor >= 2 && Number.isInteger(rungs) && rungs >= 1)) {
    throw new LatheError("invalid-argument", `Halving takes no factor "${factor}" with "${rungs}" budgets.`, {
      hint: "Give a factor from 2 and at least one budget.",
    });
  }
  const budgetOf = (rung: number): number => factor ** (rung + 1 - rungs);

  interface Entry {
    readonly number: number;
    readonly outcome: Outcome;
  }
  interface State {
    readonly base: Sampler;
    readonly count: number;
    readonly rung: number;
    /** Of the rung before, the best first; empty on the first rung. */
    readonly waiting: readonly Entry[];
    readonly done: readonly Entry[];
  }
  const after = (state: State): Sampler =>
    Object.freeze<Sampler>({
      ask: () => ask(state),
      tell: (outcome) => tell(state, outcome),
    });
  const ask = ({ base: own, rung, waiting, done }: State): Proposal | undefined => {
    if (rung === 0) {
      const asked = own.ask();
      return asked && { ...asked, budget: budgetOf(0) };
    }
    const next = waiting[done.length]!;
    return { point: next.outcome.point, budget: budgetOf(rung), origin: "promotion", parents: [next.number] };
  };
  const tell = (state: State, outcome: Outcome): Sampler => {
    const { rung, count } = state;
    const done = [...state.done, { number: count, outcome }];
    const own = rung === 0 ? state.base.tell({ ...outcome, budget: 1 }) : state.base;
    const size = factor ** (rungs - 1 - rung);
    if (done.length < size) return after({ ...state, base: own, count: count + 1, done });
    const isLast = rung === rungs - 1;
    return after({
      base: own,
      count: count + 1,
      rung: isLast ? 0 : rung + 1,
      waiting: isLast ? [] : bestOf(done).slice(0, size / factor),
      done: [],
    });
  };
  const bestOf = (entries: readonly Entry[]): readonly Entry[] => {
    const standing = standingOf(entries.map((e) => e.outcome));
    return entries
      .map((entry, i) => ({ entry, ...standing[i]! }))
      .toSorted(
        (a, b) =>
          a.rank - b.rank ||
          (a.crowding === b.crowding ? 0 : b.crowding - a.crowding) ||
          a.entry.number - b.entry.number,
      )
      .map(({ entry }) => entry);
  };
  return after({ base, count: 0, rung: 0, waiting: [], done: [] });
}
