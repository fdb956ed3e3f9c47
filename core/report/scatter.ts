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
  svgLine,
  svgText,
  type ChartParts,
  type Scale,
} from "./chartParts.ts";
import { type Identities } from "./identity.ts";
import { placeLabels, type Box } from "./labels.ts";

export type ScatterBlock = Extract<ReportBlock, { kind: "scatter" }>;

const WIDTH = 560;
const HEIGHT = 360;
const LEFT = 66;
const RIGHT = WIDTH - 14;
const TOP = 14;
const BOTTOM = HEIGHT - 48;

/** Points with error bars, labels that keep apart, and a line through the Pareto front. */
export function drawScatter(block: ScatterBlock, identities: Identities): ChartParts {
  const { points } = block;
  const xs = points.flatMap((p) => [p.x, ...(p.xInterval ?? [])]);
  const ys = points.flatMap((p) => [p.y, ...(p.yInterval ?? [])]);
  const domain = (values: readonly number[], isLog: boolean): [number, number] =>
    pad([min(values) ?? 0, max(values) ?? 1], 0.1, isLog);
  const x = makeScale(block.x, domain(xs, block.x.scale === "log"), { range: [LEFT, RIGHT], ticks: 7 });
  const y = makeScale(block.y, domain(ys, block.y.scale === "log"), { range: [BOTTOM, TOP], ticks: 6 });

  const body = [...frame(block, x, y)];
  const front = (block.front ?? [])
    .flatMap((label) => points.filter((p) => p.label === label))
    .toSorted((a, b) => a.x - b.x);
  if (front.length > 1) {
    body.push(`<polyline class="front" points="${front.map((p) => `${x.at(p.x)},${y.at(p.y)}`).join(" ")}"/>`);
  }
  for (const p of points) {
    const name = `whisker ${colourOf(p.group === undefined ? undefined : identities(p.group))}`;
    if (p.xInterval !== undefined)
      body.push(svgLine([x.at(p.xInterval[0]), y.at(p.y)], [x.at(p.xInterval[1]), y.at(p.y)], name));
    if (p.yInterval !== undefined)
      body.push(svgLine([x.at(p.x), y.at(p.yInterval[0])], [x.at(p.x), y.at(p.yInterval[1])], name));
  }
  for (const p of points)
    body.push(mark(p.group === undefined ? undefined : identities(p.group), [x.at(p.x), y.at(p.y)], 6));
  // Beyond a handful of points, labels say less than the table does.
  const labelled = points.length <= 16 ? points : points.filter((p) => block.front?.includes(p.label));
  const labels = labelled.map((p) => ({ text: fitText(p.label, 170), x: x.at(p.x), y: y.at(p.y) }));
  const obstacles = points.map((p) => ({
    left: x.at(p.xInterval?.[0] ?? p.x) - 7,
    right: x.at(p.xInterval?.[1] ?? p.x) + 7,
    top: y.at(p.y) - 7,
    bottom: y.at(p.y) + 7,
  }));
  const uprights = points.flatMap((p) =>
    p.yInterval === undefined
      ? []
      : [{ left: x.at(p.x) - 3, right: x.at(p.x) + 3, top: y.at(p.yInterval[1]), bottom: y.at(p.yInterval[0]) }],
  );
  const path = front.map((p) => [x.at(p.x), y.at(p.y)] as const);
  const dashes = path.slice(1).flatMap((to, i) => along(path[i] ?? to, to));
  const box = { left: LEFT, right: RIGHT, top: TOP, bottom: BOTTOM };
  for (const placed of placeLabels(labels, { box, obstacles: [...obstacles, ...uprights, ...dashes] })) {
    if (placed.leader)
      body.push(svgLine([placed.anchor.x, placed.anchor.y], [placed.x + placed.width / 2, placed.y - 4], "leader"));
    body.push(svgText(placed.text, [placed.x, placed.y], { className: "label halo" }));
  }
  return {
    title: block.title,
    summary: summarise(block),
    width: WIDTH,
    height: HEIGHT,
    body: body.join(""),
    ...table(block),
  };
}

/** Small boxes along a line, so that labels keep off it. */
function along([x0, y0]: readonly [number, number], [x1, y1]: readonly [number, number]): Box[] {
  const steps = Math.ceil(Math.hypot(x1 - x0, y1 - y0) / 6);
  return Array.from({ length: steps }, (_, i) => {
    const [x, y] = [x0 + ((x1 - x0) * i) / steps, y0 + ((y1 - y0) * i) / steps];
    return { left: x - 3, right: x + 3, top: y - 3, bottom: y + 3 };
  });
}

/** Grid, ticks and axis titles; shared with line charts. */
export function frame(block: Pick<ScatterBlock, "x" | "y">, x: Scale, y: Scale): string[] {
  const body: string[] = [];
  for (const tick of x.ticks) {
    body.push(svgLine([x.at(tick.value), TOP], [x.at(tick.value), BOTTOM], "grid"));
    body.push(svgText(tick.text, [x.at(tick.value), BOTTOM + 16], { anchor: "middle", className: "tick" }));
  }
  for (const tick of y.ticks) {
    body.push(svgLine([LEFT, y.at(tick.value)], [RIGHT, y.at(tick.value)], "grid"));
    body.push(svgText(tick.text, [LEFT - 8, y.at(tick.value) + 4], { anchor: "end", className: "tick" }));
  }
  body.push(svgText(axisTitle(block.x), [(LEFT + RIGHT) / 2, HEIGHT - 8], { anchor: "middle", className: "axis" }));
  const middle = (TOP + BOTTOM) / 2;
  body.push(
    `<g transform="rotate(-90 9 ${middle})">${svgText(axisTitle(block.y), [9, middle + 4], { anchor: "middle", className: "axis" })}</g>`,
  );
  return body;
}

function summarise({ points, x, y, front }: ScatterBlock): string {
  const each = points
    .slice(0, 12)
    .map((p) => `${p.label}: ${axisTitle(x)} ${formatNumber(p.x)}, ${axisTitle(y)} ${formatNumber(p.y)}`)
    .join("; ");
  const more = points.length > 12 ? `; and ${points.length - 12} more` : "";
  const best = front === undefined || front.length === 0 ? "" : ` On the Pareto front: ${front.join(", ")}.`;
  return `${each}${more}.${best}`;
}

function table({ points, x, y, front }: ScatterBlock): Pick<ChartParts, "columns" | "rows"> {
  const range = (interval: readonly [number, number] | undefined): string =>
    interval === undefined ? "" : ` (${exact(interval[0])} to ${exact(interval[1])})`;
  return {
    columns: ["", axisTitle(x), axisTitle(y), ...(front === undefined ? [] : ["On the front"])],
    rows: points.map((p) => [
      p.label,
      exact(p.x) + range(p.xInterval),
      exact(p.y) + range(p.yInterval),
      ...(front === undefined ? [] : [front.includes(p.label) ? "yes" : "no"]),
    ]),
  };
}
