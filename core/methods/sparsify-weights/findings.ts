import type { StoredSizes } from "../../measure/compressed.ts";
import type { SpeedGate } from "../../measure/speedGate.ts";
import type { EpochResult } from "../../train/plan.ts";
import type { Scores } from "../scores.ts";

/** One weight of the result. */
export interface LayerSparsity {
  readonly node: string;
  readonly weight: string;
  readonly dims: readonly number[];
  readonly elements: number;
  readonly zeros: number;
  /** Why it was left dense. */
  readonly reason?: string;
}

/** What a run found out. */
export interface Findings {
  readonly layers: readonly LayerSparsity[];
  /** Epochs of the last training; empty without one. */
  readonly history: readonly EpochResult[];
  /** Epochs of all trainings that led to the result. */
  readonly epochs: number;
  readonly scores?: Scores;
  readonly sizes: { readonly before: StoredSizes; readonly after: StoredSizes };
  readonly gate: SpeedGate;
}
