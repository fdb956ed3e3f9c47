import type { EpochResult } from "../../train/plan.ts";
import type { MemberExplanation } from "../../transform/channels/explain.ts";
import type { PrunedFacts } from "../pruned.ts";
import type { Scores } from "../scores.ts";
import type { Curve } from "./sensitivity.ts";

/** One dependency group of the model as it came. */
export interface GroupFinding {
  readonly group: string;
  readonly before: number;
  readonly after: number;
  /** Why it kept its width, where it had to. */
  readonly reason?: string;
  /** What its units are in the weights. */
  readonly members: readonly MemberExplanation[];
}

/** What a run found out. */
export interface Findings {
  readonly groups: readonly GroupFinding[];
  /** Before, the result, and the baselines. */
  readonly costs: readonly PrunedFacts[];
  readonly threads: number;
  readonly scores?: Scores;
  /** Of a schedule by sensitivity. */
  readonly curves: readonly Curve[];
  /** Epochs of all trainings that led to the result, one after the other. */
  readonly history: readonly EpochResult[];
}
