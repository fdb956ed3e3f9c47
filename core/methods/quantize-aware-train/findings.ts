import type { OutputError } from "../../measure/outputError.ts";
import type { EpochResult } from "../../train/plan.ts";
import type { FormatName } from "../../transform/formats.ts";
import type { Scores } from "../scores.ts";

/** What quantisation-aware training came to. */
export interface Findings {
  readonly layers: readonly {
    readonly node: string;
    readonly op: string;
    readonly format: FormatName;
    /** Median over the channels of the step after training over that before. */
    readonly stepChange: number;
  }[];
  /** Epochs of all stages, numbered through. */
  readonly history: readonly EpochResult[];
  /** Epochs at the end whose batch statistics were frozen. */
  readonly frozen: number;
  readonly samples: number;
  readonly scores?: Scores;
  /** What was written beside what was trained, on calibration samples: how far execution is from simulation. */
  readonly execution: Pick<OutputError, "kl" | "agreement" | "sqnr">;
}
