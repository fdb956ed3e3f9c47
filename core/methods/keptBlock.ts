import type { ReportBlock } from "../contract/report.ts";

export interface KeptNode {
  readonly node: string;
  readonly op: string;
  readonly reason: string;
}

/** A table of what a method left as it was; nothing where it left nothing. */
export function keptBlock(kept: readonly KeptNode[]): readonly ReportBlock[] {
  if (kept.length === 0) return [];
  return [
    {
      kind: "table",
      title: "What stays as it was, and why",
      columns: [
        { title: "Node", align: "start" },
        { title: "Op", align: "start" },
        { title: "Reason", align: "start" },
      ],
      rows: kept.map(({ node, op, reason }) => [{ text: node }, { text: op }, { text: reason }]),
      collapsed: true,
    },
  ];
}
