import type { ReportBlock } from "../../contract/report.ts";
import { gateBlock } from "../gateBlock.ts";
import { keptBlock } from "../keptBlock.ts";
import type { Findings } from "./findings.ts";

/** What became float16 and what did not. */
export function report({ gate, converted, kept, clamped, raised, folded }: Findings): readonly ReportBlock[] {
  return [
    gateBlock(gate, "float16"),
    {
      kind: "facts",
      facts: [
        { name: "Nodes in float16", value: String(converted) },
        { name: "Batch norms folded", value: String(folded) },
        { name: "Constants clamped to ±65,504", value: String(clamped) },
        { name: "Constants raised to 2⁻²⁴", value: String(raised) },
      ],
    },
    ...keptBlock(kept),
  ];
}
