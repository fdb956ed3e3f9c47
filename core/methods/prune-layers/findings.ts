import type { EpochResult } from "../../train/plan.ts";
import type { PrunedFacts } from "../pruned.ts";
import type { Scores } from "../scores.ts";

/** A block or layer that could be left out. */
export interface RegionFinding {
  readonly name: string;
  readonly nodes: number;
  readonly hasShortcut: boolean;
  /** Mean KL divergence of the outputs without it from those with it, when it was last looked at; in nats. */
  readonly error?: number;
  /** In which place it was removed, from 1. */
  readonly removed?: number;
}

/** What a run found out. */
export interface Findings {
  readonly regions: readonly RegionFinding[];
  /** Before, the result, and the baselines. */
  readonly costs: readonly PrunedFacts[];
  readonly threads: number;
  readonly scores?: Scores;
  readonly history: readonly EpochResult[];
}
