import { z } from "zod";
import { about } from "../about.ts";
import { searchParams } from "../searchParams.ts";

/** Parameters of the evolutionary search, version 1. */
export const params = z.strictObject({
  ...searchParams,
  strategy: z
    .enum(["nsga2", "aging"])
    .default("nsga2")
    .meta(
      about({
        title: "Strategy",
        description: "NSGA-II keeps the best of parents and children; aging evolution lets the oldest die.",
      }),
    ),
  population: z
    .int()
    .min(2)
    .max(1000)
    .default(8)
    .meta(about({ title: "Population", unit: "nets", description: "Nets that children may come from.", tryout: 2 })),
  tournament: z
    .int()
    .min(1)
    .max(1000)
    .default(4)
    .meta(
      about({
        title: "Tournament",
        unit: "nets",
        description: "Of aging evolution: so many compete to be the next parent.",
        advanced: true,
      }),
    ),
  mutation: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .meta(
      about({
        title: "Mutation",
        description: "Probability that a part of a child changes; 0 changes one part on average.",
        advanced: true,
      }),
    ),
  crossover: z
    .number()
    .min(0)
    .max(1)
    .default(0.9)
    .meta(
      about({ title: "Crossover", description: "Of NSGA-II: share of the children with two parents.", advanced: true }),
    ),
  baseline: z
    .boolean()
    .default(true)
    .meta(
      about({
        title: "Random baseline",
        description: "Tries as many random nets, without which nothing can be said of the gain.",
      }),
    ),
});

export type Params = z.output<typeof params>;
