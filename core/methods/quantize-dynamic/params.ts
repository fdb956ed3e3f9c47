import { z } from "zod";
import { about } from "../about.ts";
import { targetParams } from "../targetParams.ts";

/** Parameters of dynamic INT8 quantisation, version 2. */
export const params = z.strictObject({
  perChannel: z
    .boolean()
    .default(true)
    .meta(
      about({
        title: "Scale per channel",
        description: "One weight scale per output channel instead of one per tensor.",
      }),
    ),
  convolutions: z
    .boolean()
    .default(true)
    .meta(
      about({
        title: "Convolutions too",
        description: "Also quantise convolutions. Saves size; their dynamic kernel is rarely faster.",
      }),
    ),
  ...targetParams,
  exclude: z
    .array(z.string())
    .default([])
    .meta(
      about({
        title: "Layers to leave in float",
        description: "Node names; * stands for any text.",
        reference: "layer",
      }),
    ),
});

export type Params = z.output<typeof params>;
