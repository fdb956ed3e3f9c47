import type { ReportBlock } from "../../contract/report.ts";
import { costsBlock } from "../pruned.ts";
import { scoresBlock } from "../scores.ts";
import type { Findings } from "./findings.ts";
import type { Params } from "./params.ts";

/** Which blocks went, and what that costs and saves. */
export function report({ regions, costs, threads, scores, history }: Findings, params: Params): readonly ReportBlock[] {
  const removed = regions.filter((r) => r.removed !== undefined).length;
  return [
    {
      kind: "facts",
      facts: [
        { name: "Target", value: `${Math.round(100 * params.remove)} % less (${params.target})` },
        { name: "Removed", value: `${removed} of ${regions.length} that could go` },
        { name: "Importance", value: params.importance },
        { name: "Training", value: `${history.length} epochs` },
      ],
    },
    ...(scores === undefined ? [] : [scoresBlock(scores)]),
    costsBlock(costs, threads),
    {
      kind: "table",
      title: "Blocks that could go",
      columns: [
        { title: "Block", align: "start" },
        { title: "Nodes", align: "end" },
        { title: "Shortcut stays", align: "start" },
        { title: "KL divergence without it", unit: "nats", align: "end" },
        { title: "Removed", align: "end" },
      ],
      rows: regions.map(({ name, nodes, hasShortcut, error, removed: place }) => [
        { text: name },
        { text: String(nodes), value: nodes },
        { text: hasShortcut ? "yes" : "there is none" },
        error === undefined ? { text: "" } : { text: error.toPrecision(3), value: error },
        place === undefined ? { text: "" } : { text: `as number ${place}`, value: place },
      ]),
    },
  ];
}
