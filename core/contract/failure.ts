import { z } from "zod";

/** A LatheError as it crosses a process: what and where, and what to do about it. */
export const failure = z.strictObject({ code: z.string(), message: z.string(), hint: z.string().optional() });
export type Failure = z.infer<typeof failure>;
