import type { ReportBlock } from "../../contract/report.ts";
import { gateBlock } from "../gateBlock.ts";
import { keptBlock } from "../keptBlock.ts";
import { targetFact } from "../targetFact.ts";
import type { Params } from "./params.ts";
import type { Findings } from "./findings.ts";

/** Which layers became integer and which did not. */
export function report({ gate, layers, kept, folded }: Findings, params: Params): readonly ReportBlock[] {
  const facts: ReportBlock = {
    kind: "facts",
    facts: [
      {
        name: "Weights",
        value: `int8, ${params.perChannel ? "per channel" : "per tensor"}`,
      },
      targetFact(params),
      { name: "Activations", value: "uint8, scaled at run time" },
      { name: "Layers quantised", value: String(layers.length) },
      { name: "Batch norms folded", value: String(folded) },
    ],
  };
  return [gateBlock(gate, "INT8"), facts, ...keptBlock(kept)];
}
