import type { ReportBlock } from "../contract/report.ts";
import { describeGate, type SpeedGate } from "../measure/speedGate.ts";

const TONES = { faster: "good", same: "info", slower: "warning" } as const;

/** The gate's finding as a block. */
export function gateBlock(gate: SpeedGate, what: string): ReportBlock {
  return { kind: "callout", tone: TONES[gate.verdict], text: `Before the work: ${describeGate(gate, what)}` };
}
