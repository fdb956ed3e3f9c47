import type { Random } from "../base/random.ts";
import { keyOf } from "./points.ts";
import { crowdingOf, sortIntoFronts, standingOf } from "./pareto.ts";
import { startSource, type Outcome, type Proposal, type Sampler, type SamplerOptions } from "./sampler.ts";
import { crossPoints, mutatePoint } from "./vary.ts";

export interface GeneticOptions extends SamplerOptions {
  /** Points of a generation; default 20. */
  readonly population?: number;
  /** Probability that a child has two parents; default 0.9. */
  readonly crossover?: number;
  /** Probability that a part mutates; default one part of each child on average. */
  readonly mutation?: number;
}

interface Member {
  readonly number: number;
  readonly outcome: Outcome;
  readonly rank: number;
  readonly crowding: number;
}

/**
 * NSGA-II (Deb, Pratap, Agarwal & Meyarivan, IEEE Trans. Evol. Comput. 6(2), 2002): parents by binary tournament on front
 * and crowding, survivors from parents and children together, constraints by domination.
 */
export function nsga2Sampler(options: GeneticOptions): Sampler {
  const { space, population = 20, crossover = 0.9, mutation } = options;
  const source = startSource(options);

  const child =
    (members: readonly Member[]) =>
    (random: Random): Omit<Proposal, "budget"> => {
      const [a, b] = [tournament(members, random), tournament(members, random)];
      const isCrossed = a !== b && random.next() < crossover;
      const start = isCrossed ? crossPoints(space, [a.outcome.point, b.outcome.point], random) : a.outcome.point;
      // Half of the crossed children stay as they are, if they are new.
      const isMutated = !isCrossed || random.next() < 0.5 || keyOf(start) === keyOf(a.outcome.point);
      const point = isMutated
        ? mutatePoint(space, start, { random, ...(mutation !== undefined && { rate: mutation }) })
        : start;
      return {
        point,
        origin: isCrossed ? "crossover" : "mutation",
        parents: isCrossed ? [a.number, b.number] : [a.number],
      };
    };

  interface State {
    readonly count: number;
    readonly tried: ReadonlySet<string>;
    readonly members: readonly Member[];
    readonly children: readonly Pick<Member, "number" | "outcome">[];
  }
  const after = ({ count, tried, members, children }: State): Sampler =>
    Object.freeze<Sampler>({
      ask: () => source.propose(count, tried, members.length === 0 ? undefined : child(members)),
      tell: (outcome) => {
        const all = [...children, { number: count, outcome }];
        const isFull = all.length >= population;
        return after({
          count: count + 1,
          tried: new Set(tried).add(keyOf(outcome.point)),
          members: isFull ? select([...members, ...all], population) : members,
          children: isFull ? [] : all,
        });
      },
    });
  return after({ count: 0, tried: new Set(), members: [], children: [] });
}

/** The better of two by front, then by crowding. */
function tournament(members: readonly Member[], random: Random): Member {
  const [a, b] = [members[random.integer(members.length)]!, members[random.integer(members.length)]!];
  if (a.rank !== b.rank) return a.rank < b.rank ? a : b;
  return a.crowding >= b.crowding ? a : b;
}

/** Front after front; of the last one that does not fit, those that stand most alone. */
function select(all: readonly Pick<Member, "number" | "outcome">[], size: number): readonly Member[] {
  const kept: Pick<Member, "number" | "outcome">[] = [];
  for (const front of sortIntoFronts(all.map((m) => m.outcome))) {
    const room = size - kept.length;
    if (room <= 0) break;
    const crowding = crowdingOf(front.map((i) => all[i]!.outcome.costs));
    const order = front.map((_, k) => k).toSorted((a, b) => further(crowding[a]!, crowding[b]!) || a - b);
    kept.push(...order.slice(0, room).map((k) => all[front[k]!]!));
  }
  const standing = standingOf(kept.map((m) => m.outcome));
  return kept.map((m, i) => ({ ...m, ...standing[i]! }));
}

/** Descending; both may be infinite. */
const further = (a: number, b: number): number => (a === b ? 0 : b - a);
