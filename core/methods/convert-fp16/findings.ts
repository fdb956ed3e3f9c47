import type { SpeedGate } from "../../measure/speedGate.ts";
import type { HalfResult } from "../../transform/halfPrecision.ts";

/** What a run found out. */
export interface Findings extends Omit<HalfResult, "model"> {
  readonly gate: SpeedGate;
  readonly folded: number;
}
