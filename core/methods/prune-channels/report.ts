import type { ReportBlock } from "../../contract/report.ts";
import { costsBlock } from "../pruned.ts";
import { scoresBlock } from "../scores.ts";
import type { Findings, GroupFinding } from "./findings.ts";
import type { Params } from "./params.ts";
import { courseBlock } from "../courseBlock.ts";

/** How wide everything is now, what that costs and saves, and why the rest stayed. */
export function report(
  { groups, costs, threads, scores, curves, history }: Findings,
  params: Params,
): readonly ReportBlock[] {
  return [
    {
      kind: "facts",
      facts: [
        { name: "Target", value: `${Math.round(100 * params.remove)} % less ${TARGETS[params.target]}` },
        { name: "Importance", value: `${params.importance}, ${params.scope}` },
        { name: "Schedule", value: `${params.schedule}, ${history.length} epochs` },
        {
          name: "Groups that lost units",
          value: `${groups.filter((g) => g.after < g.before).length} of ${groups.length}`,
        },
      ],
    },
    ...(scores === undefined ? [] : [scoresBlock(scores)]),
    costsBlock(costs, threads),
    widthsBlock(groups),
    membersBlock(groups),
    ...curvesBlock(curves),
    ...courseBlock({ Accuracy: history }),
  ];
}

const TARGETS: Readonly<Record<Params["target"], string>> = {
  macs: "arithmetic",
  parameters: "parameters",
  size: "bytes",
  latency: "latency",
};

function widthsBlock(groups: readonly GroupFinding[]): ReportBlock {
  return {
    kind: "table",
    title: "Groups and their widths",
    columns: [
      { title: "Group, by the first layer that makes it", align: "start" },
      { title: "Before", align: "end" },
      { title: "After", align: "end" },
      { title: "Stays because", align: "start" },
    ],
    rows: groups.map(({ group, before, after, reason = "" }) => [
      { text: group },
      { text: String(before), value: before },
      { text: String(after), value: after },
      { text: reason },
    ]),
  };
}

function membersBlock(groups: readonly GroupFinding[]): ReportBlock {
  return {
    kind: "table",
    title: "What each group holds together",
    columns: [
      { title: "Group", align: "start" },
      { title: "Side", align: "start" },
      { title: "Weight and axis", align: "start" },
      { title: "Used by", align: "start" },
      { title: "Indexes of a unit", align: "end" },
      { title: "Indexes", align: "start" },
    ],
    rows: groups.flatMap(({ group, members }) =>
      members.map(({ side, tensor, axis, use, perUnit, indexes }) => [
        { text: group },
        { text: side },
        { text: `${tensor}[${axis}]` },
        { text: use },
        { text: perUnit },
        { text: indexes },
      ]),
    ),
    collapsed: true,
  };
}

function curvesBlock(curves: Findings["curves"]): readonly ReportBlock[] {
  if (curves.length === 0) return [];
  return [
    {
      kind: "lines",
      title: "What narrowing one group alone does to the outputs",
      x: { title: "Units left", unit: "%", scale: "linear" },
      y: { title: "KL divergence", unit: "nats", scale: "linear" },
      series: curves.map(({ group, points }) => ({
        label: group,
        points: points.map(({ width, error }): [number, number] => [
          (100 * width) / (points[0]?.width ?? width),
          error,
        ]),
      })),
    },
  ];
}
