import type { SpeedGate } from "../../measure/speedGate.ts";

/** What a run found out. */
export interface Findings {
  readonly gate: SpeedGate;
  readonly layers: readonly { readonly node: string; readonly op: string }[];
  readonly kept: readonly { readonly node: string; readonly op: string; readonly reason: string }[];
  readonly folded: number;
}
