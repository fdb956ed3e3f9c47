import { z } from "zod";
import { FORMATS, type FormatName } from "../../transform/formats.ts";
import { about } from "../about.ts";
import { formatParams } from "../formatParams.ts";
import { targetParams } from "../targetParams.ts";

const names = FORMATS.map((f) => f.name) as [FormatName, ...FormatName[]];

/** Parameters of mixed precision, version 2. */
export const params = z.strictObject({
  budget: z
    .enum(["size", "bops", "latency"])
    .default("size")
    .meta(
      about({
        title: "Budget",
        description:
          "What must not be exceeded: bytes of the constants, multiplications times their bits, or milliseconds as measured on this machine.",
      }),
    ),
  limit: z
    .number()
    .positive()
    .max(8)
    .default(0.5)
    .meta(
      about({
        title: "Limit",
        description:
          "Share of what the model costs with eight bits everywhere (w8a8). Where nothing on offer keeps within it, the nearest that does is taken, with a warning.",
        search: { low: 0.3, high: 1 },
      }),
    ),
  front: z
    .array(z.number().positive().max(8))
    .max(32)
    .default([])
    .meta(
      about({
        title: "Further limits",
        description: "Each gives a variant of its own; together they are the front of cost against accuracy.",
      }),
    ),
  formats: z
    .array(z.enum(names))
    .min(1)
    .default(["w2a8", "w3a8", "w4a8", "w6a8", "w8a8"])
    .meta(
      about({
        title: "Formats",
        description:
          "What each layer may become. w4a8: four-bit weights, eight-bit activations; w4: weights alone. Activations below eight bits are simulated.",
      }),
    ),
  sensitivity: z
    .enum(["kl", "hessian", "accuracy"])
    .default("kl")
    .meta(
      about({
        title: "Sensitivity",
        description:
          "What a format does to the model: divergence of the outputs (no labels needed), weight error times the Hessian's trace, or answers lost, each with one layer changed at a time.",
      }),
    ),
  sensitivitySamples: z
    .int()
    .min(1)
    .max(100_000)
    .default(128)
    .meta(
      about({
        title: "Sensitivity samples",
        unit: "samples",
        description: "Calibration samples that each layer is judged on.",
        advanced: true,
      }),
    ),
  probes: z
    .int()
    .min(1)
    .max(10_000)
    .default(4)
    .meta(
      about({
        title: "Probes",
        description: "Random directions for each batch of 32 samples, for the Hessian's trace.",
        advanced: true,
      }),
    ),
  ...formatParams,
  ...targetParams,
});

export type Params = z.output<typeof params>;
