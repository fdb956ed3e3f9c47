import { seededRandom, type Random } from "../base/random.ts";
import type { Score } from "./objectives.ts";
import { checkPoint, keyOf, samplePoint } from "./points.ts";
import type { Point, Space } from "./space.ts";

/** What to try next. */
export interface Proposal {
  readonly point: Point;
  /** Share of the full effort, 0 to 1. */
  readonly budget: number;
  readonly origin: "given" | "random" | "mutation" | "crossover" | "promotion";
  /** Numbers of the trials that it comes from. */
  readonly parents: readonly number[];
}

/** A trial that has ended, as samplers see it. Its number is its place in the order of telling, from 0. */
export interface Outcome extends Score {
  readonly point: Point;
  readonly budget: number;
}

/**
 * A search strategy between two trials: frozen, told of an outcome it gives the next one. All that it does follows from
 * its options and the outcomes in their order, so a search goes on where it stopped by telling it the finished trials.
 */
export interface Sampler {
  /** The same answer whenever asked. Undefined: there is nothing new to try. */
  ask(): Proposal | undefined;
  tell(outcome: Outcome): Sampler;
}

export interface SamplerOptions {
  readonly space: Space;
  readonly seed: number;
  /** Points to start with, before any of its own. */
  readonly given?: readonly Point[];
  /** What may be tried at all, where that can be told beforehand. */
  readonly accepts?: (point: Point) => boolean;
}

/** Draws before a point that was not tried yet is taken for missing. */
const DRAWS = 100;
const RANDOM_DRAWS = 2000;

/** What all samplers share: the points given at the start, random numbers, and never the same point twice. */
export interface Source {
  /** A new proposal for trial `number`; `draw` is tried first, then random points. */
  propose(
    number: number,
    tried: ReadonlySet<string>,
    draw?: (random: Random) => Omit<Proposal, "budget">,
  ): Proposal | undefined;
}

/** @throws invalid-argument for a given point that the space does not have */
export function startSource({ space, seed, given = [], accepts = () => true }: SamplerOptions): Source {
  for (const point of given) checkPoint(space, point);
  return Object.freeze<Source>({
    propose: (number, tried, draw) => {
      const isNew = (point: Point): boolean => !tried.has(keyOf(point)) && accepts(point);
      const start = given.find(isNew);
      if (start !== undefined) return { point: start, budget: 1, origin: "given", parents: [] };
      const random = seededRandom(seed, `trial/${number}`);
      for (let i = 0; draw !== undefined && i < DRAWS; i++) {
        const drawn = draw(random);
        if (isNew(drawn.point)) return { ...drawn, budget: 1 };
      }
      for (let i = 0; i < RANDOM_DRAWS; i++) {
        const point = samplePoint(space, random);
        if (isNew(point)) return { point, budget: 1, origin: "random", parents: [] };
      }
      return undefined;
    },
  });
}

/** Points one after another at random, none twice. */
export function randomSampler(options: SamplerOptions): Sampler {
  const source = startSource(options);
  const after = (tried: ReadonlySet<string>): Sampler =>
    Object.freeze<Sampler>({
      ask: () => source.propose(tried.size, tried),
      tell: ({ point }) => after(new Set(tried).add(keyOf(point))),
    });
  return after(new Set());
}

/** The sampler after all of these. */
export const replay = (sampler: Sampler, outcomes: readonly Outcome[]): Sampler =>
  outcomes.reduce((now, outcome) => now.tell(outcome), sampler);
