import { z } from "zod";
import { about } from "../../../core/methods/about.ts";
import { defineMethod } from "../../../core/methods/define.ts";

export const params = z.strictObject({
  trials: z
    .int()
    .min(1)
    .default(8)
    .meta(about({ title: "Trials", description: "How many scales are tried." })),
  pause: z
    .number()
    .min(0)
    .default(0)
    .meta(about({ title: "Pause", unit: "ms", description: "Time that a trial takes besides its work." })),
  stubborn: z
    .boolean()
    .default(false)
    .meta(about({ title: "Stubborn", description: "Does not listen when it is told to stop." })),
  fail: z
    .string()
    .default("")
    .meta(about({ title: "Fail", description: "Code of the error that the last trial ends with; empty: none." })),
  extra: z
    .boolean()
    .default(false)
    .meta(about({ title: "Extra", description: "Gives a second model beside the main one." })),
  teacher: z
    .string()
    .default("")
    .meta(about({ title: "Teacher", description: "A variant that is looked at.", reference: "variant" })),
});
export type Params = z.output<typeof params>;

/** What a run found out. */
export const findings = z.object({
  best: z.number(),
  resumed: z.int(),
  /** Bytes of the teacher's constants. */
  teacher: z.int(),
});
export type Findings = z.output<typeof findings>;

/** Tries scales of the first weight. It is there so that tests have a method of many short trials. */
export default defineMethod({
  id: "try-scales",
  family: "search",
  title: "Trying scales",
  summary: "Scales the first weight by the best of some random numbers.",
  version: 1,
  params,
  needsData: () => false,
  applies: () => ({ applies: true, notes: [] }),
  estimate: (_, { trials, pause }) => ({ seconds: (trials * pause) / 1000, memory: 1e8, disk: 1e4 }),
  findings,
  load: () => import("./run.ts"),
  report: (findings) => [{ kind: "text", text: `Best scale: ${findings.best}.` }],
  suggest: ({ baseline, tried }) =>
    tried.some((t) => t.method === "try-scales")
      ? undefined
      : {
          text: "Try scales",
          reason: `Nobody has scaled ${baseline.name} yet.`,
          from: baseline.id,
          params: { trials: 3 },
          takes: "minutes",
        },
});
