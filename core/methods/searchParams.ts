import { z } from "zod";
import type { Json } from "../base/json.ts";
import { ZOO } from "../zoo/catalogue.ts";
import type { TrainPlan } from "../train/plan.ts";
import { about } from "./about.ts";
import { augmentOf } from "./augmentParams.ts";
import { fineTuneParams } from "./fineTuneParams.ts";

export const SEARCH_COSTS = ["latency", "macs", "size", "memory"] as const;
export type SearchCost = (typeof SEARCH_COSTS)[number];

/** What a search wants of its nets; a fragment of the parameters of every search. */
export const goalParams = {
  objectives: z
    .array(z.enum(SEARCH_COSTS))
    .min(1)
    .max(2)
    .default(["latency"])
    .meta(
      about({
        title: "Costs",
        description:
          "What is to be small beside a high accuracy: latency measured here, multiply–accumulates, bytes of the weights, or bytes of weights and activations together.",
      }),
    ),
  maxLatency: z
    .number()
    .min(0)
    .default(0)
    .meta(about({ title: "Latency at most", unit: "ms", description: "For one sample; 0 is no bound." })),
  maxMacs: z
    .number()
    .min(0)
    .default(0)
    .meta(about({ title: "Multiply–accumulates at most", unit: "millions", description: "0 is no bound." })),
  maxSize: z
    .number()
    .min(0)
    .default(0)
    .meta(about({ title: "Weights at most", unit: "kB", description: "0 is no bound." })),
  maxMemory: z
    .number()
    .min(0)
    .default(0)
    .meta(
      about({
        title: "Memory at most",
        unit: "kB",
        description: "Weights and the activations of one sample that live at once; 0 is no bound.",
        advanced: true,
      }),
    ),
  goal: z
    .enum(["accuracy", "balance"])
    .default("balance")
    .meta(
      about({
        title: "Result",
        description:
          "Which net of the front becomes the variant: the most accurate, or the one that gives the most of all costs together. The others are kept beside it.",
      }),
    ),
  others: z
    .int()
    .min(0)
    .max(50)
    .default(4)
    .meta(
      about({ title: "Further nets", description: "How many other nets of the front become variants too.", tryout: 1 }),
    ),
};

/** How each net of a search is trained. */
export const trialParams = {
  epochs: z
    .int()
    .min(1)
    .max(1000)
    .default(3)
    .meta(about({ title: "Epochs per net", unit: "epochs", description: "Passes over the training samples." })),
  samples: z
    .int()
    .min(0)
    .default(0)
    .meta(
      about({
        title: "Samples per net",
        unit: "samples",
        description: "Trains on so many of the training samples only; 0 takes all.",
      }),
    ),
  batch: fineTuneParams.batch,
  rate: z
    .number()
    .positive()
    .default(0.1)
    .meta(about({ title: "Learning rate", description: "The highest of the one-cycle schedule.", advanced: true })),
  weightDecay: z
    .number()
    .min(0)
    .default(5e-4)
    .meta(about({ title: "Weight decay", description: "Pull of the weights towards zero.", advanced: true })),
  crop: z
    .int()
    .min(0)
    .max(64)
    .default(0)
    .meta(about({ title: "Random shift", unit: "pixels", description: "Moves images by up to this much." })),
  flip: fineTuneParams.flip,
};

/** What the searches that train every net of their own have in common. */
export const searchParams = {
  net: z
    .enum(ZOO.map((net) => net.info.id))
    .default("staged")
    .meta(
      about({
        title: "Family",
        description: "A net of the zoo, whose parameters are the space. The family staged has the largest one.",
      }),
    ),
  space: z
    .string()
    .default("")
    .meta(
      about({
        title: "Space",
        description:
          "JSON: for parameters of the family either the values to choose from, or a JSON Schema; the others keep the space of the family.",
      }),
    ),
  trials: z
    .int()
    .min(1)
    .max(100_000)
    .default(32)
    .meta(
      about({
        title: "Nets",
        description: "Nets to train and measure; a random baseline beside it takes as many again.",
        tryout: 2,
      }),
    ),
  ...goalParams,
  ...trialParams,
  start: z
    .array(z.string())
    .default([])
    .meta(
      about({
        title: "Starting points",
        description: "JSON of nets to begin with, as the report of an earlier search shows them.",
        advanced: true,
      }),
    ),
  halving: z
    .boolean()
    .default(false)
    .meta(
      about({
        title: "Successive halving",
        description: "Nine nets get a ninth of the epochs, the three best a third, the best all; needs 9 epochs.",
        tryout: false,
      }),
    ),
  medianStop: z
    .boolean()
    .default(false)
    .meta(
      about({
        title: "Stop at the median",
        description: "Ends a training that is behind the median of those before it.",
        advanced: true,
      }),
    ),
  finalEpochs: z
    .int()
    .min(0)
    .max(10_000)
    .default(0)
    .meta(
      about({
        title: "Epochs of the result",
        unit: "epochs",
        description: "Trains the chosen net once more, from the start and for so long; 0 keeps it as it is.",
      }),
    ),
};

export type SearchParams = z.output<z.ZodObject<typeof searchParams>>;
export type GoalParams = z.output<z.ZodObject<typeof goalParams>>;
export type TrialParams = z.output<z.ZodObject<typeof trialParams>>;

/** The search that trains one net of an earlier one again, and nothing else. */
export function oneNet<P extends SearchParams>(params: P, point: Readonly<Record<string, Json>>): P {
  const start = [JSON.stringify(point)];
  return { ...params, trials: 1, start, halving: false, medianStop: false, others: 0 };
}

/** The training of one net. */
export function trialPlan(
  { batch, rate, weightDecay, crop, flip }: TrialParams,
  epochs: number,
): TrainPlan & { readonly rate: number } {
  return {
    epochs,
    batch,
    rate,
    schedule: { kind: "one-cycle" },
    heads: [{ loss: { kind: "cross-entropy" }, target: "classes" }],
    optimizer: { kind: "sgd", momentum: 0.9, nesterov: true, weightDecay },
    augment: augmentOf({ crop, flip }),
  };
}
