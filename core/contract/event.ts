import { z } from "zod";

/** What long work tells while it runs. */
export const progressEvent = z.discriminatedUnion("kind", [
  /** `within`: a part of the stage before it, as an epoch is of a training, and not the next one. */
  z.strictObject({ kind: z.literal("stage"), name: z.string(), within: z.literal(true).optional() }),
  z.strictObject({ kind: z.literal("progress"), done: z.number(), total: z.number(), unit: z.string() }),
  z.strictObject({ kind: z.literal("message"), level: z.enum(["info", "warning"]), text: z.string() }),
  z.strictObject({ kind: z.literal("metric"), name: z.string(), value: z.number() }),
]);
export type ProgressEvent = z.infer<typeof progressEvent>;
export type Emit = (event: ProgressEvent) => void;
