import { standingOf } from "./pareto.ts";
import { keyOf } from "./points.ts";
import { startSource, type Outcome, type Sampler, type SamplerOptions } from "./sampler.ts";
import { mutatePoint } from "./vary.ts";

export interface AgingOptions extends SamplerOptions {
  /** Trials that are alive; default 20. */
  readonly population?: number;
  /** Of which so many compete to be the next parent; default 5. */
  readonly tournament?: number;
  readonly mutation?: number;
}

/**
 * Regularised evolution (Real, Aggarwal, Huang & Le, AAAI 2019, arXiv 1802.01548): the best of a random sample of the living
 * is mutated, and the oldest dies. With several costs the best is first by front and then by crowding within the sample.
 */
export function agingSampler(options: AgingOptions): Sampler {
  const { space, population = 20, tournament = 5, mutation } = options;
  const source = startSource(options);
  const after = (outcomes: readonly Outcome[], tried: ReadonlySet<string>): Sampler => {
    const first = Math.max(0, outcomes.length - population);
    const alive = outcomes.slice(first);
    return Object.freeze<Sampler>({
      ask: () => {
        if (alive.length < population) return source.propose(outcomes.length, tried);
        return source.propose(outcomes.length, tried, (random) => {
          const sample = random.shuffle(alive.map((_, i) => i)).slice(0, tournament);
          const standing = standingOf(sample.map((i) => alive[i]!));
          const order = sample
            .map((_, k) => k)
            .toSorted(
              (a, b) =>
                standing[a]!.rank - standing[b]!.rank || further(standing[a]!.crowding, standing[b]!.crowding) || a - b,
            );
          const parent = sample[order[0]!]!;
          return {
            point: mutatePoint(space, alive[parent]!.point, {
              random,
              ...(mutation !== undefined && { rate: mutation }),
            }),
            origin: "mutation",
            parents: [first + parent],
          };
        });
      },
      tell: (outcome) => after([...outcomes, outcome], new Set(tried).add(keyOf(outcome.point))),
    });
  };
  return after([], new Set());
}

/** Descending; both may be infinite. */
const further = (a: number, b: number): number => (a === b ? 0 : b - a);
