import { max, min } from "d3-array";
import { formatNumber } from "../base/format.ts";
import type { ReportBlock } from "../contract/report.ts";
import {
  axisTitle,
  exact,
  colourOf,
  fitText,
  makeScale,
  mark,
  pad,
  svgText,
  textWidth,
  type ChartParts,
} from "./chartParts.ts";
import { type Identities } from "./identity.ts";
import { frame } from "./scatter.ts";

export type LinesBlock = Extract<ReportBlock, { kind: "lines" }>;

const WIDTH = 560;
const HEIGHT = 360;

/** One line per series, each with its own colour, dash and symbol, named in a legend below. */
export function drawLines(block: LinesBlock, identities: Identities): ChartParts {
  const all = block.series.flatMap((s) => s.points);
  const domain = (values: readonly number[]): [number, number] => [min(values) ?? 0, max(values) ?? 1];
  const x = makeScale(block.x, domain(all.map((p) => p[0])), { range: [66, WIDTH - 14], ticks: 7 });
  const y = makeScale(block.y, pad(domain(all.map((p) => p[1])), 0.06, block.y.scale === "log"), {
    range: [HEIGHT - 48, 14],
    ticks: 6,
  });
  const body = frame(block, x, y);
  let [legendX, legendY] = [66, HEIGHT + 14];
  for (const series of block.series) {
    const identity = identities(series.label);
    const dash = identity === undefined || identity.dash === "" ? "" : ` stroke-dasharray="${identity.dash}"`;
    const points = series.points.map(([a, b]) => `${x.at(a)},${y.at(b)}`).join(" ");
    body.push(`<polyline class="series ${colourOf(identity)}"${dash} points="${points}"/>`);
    const every = Math.max(1, Math.ceil(series.points.length / 12));
    series.points.forEach(([a, b], i) => {
      if (i % every === 0 || i === series.points.length - 1) body.push(mark(identity, [x.at(a), y.at(b)], 3.5));
    });
    const label = fitText(series.label, 220);
    const width = textWidth(label) + 40;
    if (legendX + width > WIDTH && legendX > 66) [legendX, legendY] = [66, legendY + 20];
    body.push(
      `<polyline class="series ${colourOf(identity)}"${dash} points="${legendX},${legendY - 4} ${legendX + 22},${legendY - 4}"/>`,
    );
    body.push(
      mark(identity, [legendX + 11, legendY - 4], 4),
      svgText(label, [legendX + 28, legendY], { className: "label" }),
    );
    legendX = Math.round(legendX + width);
  }
  return {
    title: block.title,
    summary: summarise(block),
    width: WIDTH,
    height: legendY + 12,
    body: body.join(""),
    columns: [axisTitle(block.x), ...block.series.map((s) => s.label)],
    rows: rows(block),
  };
}

function summarise({ series, y }: LinesBlock): string {
  const each = series.map((s) => {
    const [first, last] = [s.points[0], s.points.at(-1)];
    return first === undefined || last === undefined
      ? `${s.label}: no points`
      : `${s.label} from ${formatNumber(first[1])} to ${formatNumber(last[1])}`;
  });
  return `${axisTitle(y)}: ${each.join("; ")}.`;
}

function rows({ series }: LinesBlock): string[][] {
  const xs = [...new Set(series.flatMap((s) => s.points.map((p) => p[0])))].toSorted((a, b) => a - b);
  const maps = series.map((s) => new Map(s.points));
  return xs.map((at) => [
    exact(at),
    ...maps.map((m) => {
      const found = m.get(at);
      return found === undefined ? "" : exact(found);
    }),
  ]);
}
