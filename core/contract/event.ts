import { z } from "zod";

/** What long work tells while it runs. */
export const progressEvent = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("stage"), name: z.string() }),
  z.strictObject({ kind: z.literal("progress"), done: z.number(), total: z.number(), unit: z.string() }),
  z.strictObject({ kind: z.literal("message"), level: z.enum(["info", "warning"]), text: z.string() }),
  z.strictObject({ kind: z.literal("metric"), name: z.string(), value: z.number() }),
]);
export type ProgressEvent = z.infer<typeof progressEvent>;
export type Emit = (event: ProgressEvent) => void;
