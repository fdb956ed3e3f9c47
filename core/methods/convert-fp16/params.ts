import { z } from "zod";
import { about } from "../about.ts";

/** Parameters of the conversion to half precision, version 1. */
export const params = z.strictObject({
  exclude: z
    .array(z.string())
    .default([])
    .meta(
      about({
        title: "Nodes to leave in float32",
        description: "Node names; * stands for any text.",
        reference: "layer",
      }),
    ),
});

export type Params = z.output<typeof params>;
