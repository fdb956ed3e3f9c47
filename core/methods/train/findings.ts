import type { EpochResult, Extent } from "../../train/plan.ts";

/** What a training came to. */
export interface Findings {
  readonly history: readonly EpochResult[];
  readonly extent: Extent;
  /** Training samples and elements of the weights that were trained. */
  readonly samples: number;
  readonly parameters: number;
  /** Epoch whose weights the model has. */
  readonly epoch: number;
}
