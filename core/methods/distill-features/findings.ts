import type { DistillFindings } from "../distill.ts";

/** What a run found out. */
export interface Findings extends DistillFindings {
  readonly pairs: readonly {
    readonly student: string;
    readonly teacher: string;
    /** Sizes of one sample's values, of student and teacher. */
    readonly shapes: readonly (readonly number[])[];
  }[];
  /** Elements of the adapters, which the result does not have any more. */
  readonly adapters: number;
}
