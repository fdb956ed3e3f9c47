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
  textWidth,
  valueTexts,
} from "./chartParts.ts";
import type { ChartParts } from "./chartParts.ts";
import { round, type Identities } from "./identity.ts";

export type BarsBlock = Extract<ReportBlock, { kind: "bars" }>;

const WIDTH = 560;
const ROW = 30;

/** Horizontal bars, or dots where `form` says so, with whiskers and a reference line. */
export function drawBars(block: BarsBlock, identities: Identities): ChartParts {
  const { bars, axis, reference } = block;
  const isDots = block.form === "dots";
  const ends = bars.flatMap((b) => [b.value, ...(b.interval ?? [])]);
  const all = reference === undefined ? ends : [...ends, reference.value];
  const texts = valueTexts(
    bars.map((b) => b.value),
    axis,
  );
  const labelWidth = Math.min(
    190,
    Math.max(40, ...bars.map((b) => textWidth(b.label) + (b.group === undefined ? 0 : 18))),
  );
  const valueWidth = Math.max(...texts.map((t) => textWidth(t)), 30) + 12;
  const left = labelWidth + 12;
  const right = WIDTH - valueWidth;
  const top = reference === undefined ? 8 : 24;
  const bottom = top + bars.length * ROW;
  const raw: [number, number] = [min(all) ?? 0, max(all) ?? 1];
  const domain = isDots ? pad(raw, 0.08, axis.scale === "log") : zeroBased(raw, axis.scale === "log");
  const scale = makeScale(axis, domain, { range: [left, right], ticks: 5, nice: !isDots });

  const body: string[] = [];
  // Values come last, on top of the reference line.
  const values: string[] = [];
  for (const tick of scale.ticks) {
    body.push(svgLine([scale.at(tick.value), top], [scale.at(tick.value), bottom], "grid"));
    body.push(svgText(tick.text, [scale.at(tick.value), bottom + 16], { anchor: "middle", className: "tick" }));
  }
  body.push(svgText(axisTitle(axis), [(left + right) / 2, bottom + 34], { anchor: "middle", className: "axis" }));
  const zero = scale.at(Math.min(Math.max(0, domain[0]), domain[1]));
  bars.forEach((bar, i) => {
    const y = top + i * ROW + ROW / 2;
    const identity = bar.group === undefined ? undefined : identities(bar.group);
    const x = scale.at(bar.value);
    if (bar.group !== undefined) body.push(mark(identity, [7, y], 4.5));
    const start = bar.group === undefined ? 0 : 18;
    const shown = fitText(bar.label, labelWidth - start);
    body.push(svgText(shown, [start, y + 4], { className: "label" }));
    let end = x;
    if (!isDots) {
      const from = axis.scale === "log" && domain[0] > 0 ? left : zero;
      const [a, b] = [Math.min(from, x), Math.max(from, x)];
      body.push(
        `<rect class="bar ${colourOf(identity)}" x="${a}" y="${y - 8}" width="${round(Math.max(b - a, 1))}" height="16" rx="2"/>`,
      );
    }
    if (bar.interval !== undefined) {
      const [low, high] = [scale.at(bar.interval[0]), scale.at(bar.interval[1])];
      const name = isDots ? `whisker ${colourOf(identity)}` : "whisker over";
      body.push(
        svgLine([low, y], [high, y], name),
        svgLine([low, y - 4], [low, y + 4], name),
        svgLine([high, y - 4], [high, y + 4], name),
      );
      end = Math.max(end, high);
    }
    if (isDots) body.push(mark(identity, [x, y], 5.5));
    values.push(svgText(texts[i] ?? "", [Math.max(end, zero) + 8, y + 4], { className: "value halo" }));
  });
  if (reference !== undefined) {
    const x = scale.at(reference.value);
    body.push(svgLine([x, top - 4], [x, bottom], "reference"));
    const anchor = x > (left + right) / 2 ? "end" : "start";
    body.push(svgText(reference.label, [anchor === "end" ? x + 4 : x - 4, top - 9], { anchor, className: "tick" }));
  }
  return {
    title: block.title,
    summary: summarise(block),
    width: WIDTH,
    height: bottom + 42,
    body: [...body, ...values].join(""),
    ...table(block),
  };
}

function zeroBased([low, high]: readonly [number, number], isLog: boolean): [number, number] {
  if (isLog && low > 0) return [10 ** Math.floor(Math.log10(low) - 1e-9), high];
  return [Math.min(0, low), Math.max(0, high)];
}

function summarise({ bars, axis, reference }: BarsBlock): string {
  const sorted = bars.toSorted((a, b) => b.value - a.value);
  const [highest, lowest] = [sorted[0], sorted.at(-1)];
  if (highest === undefined || lowest === undefined) return "No values.";
  const most = `${axisTitle(axis)}: highest ${highest.label} with ${formatNumber(highest.value)}`;
  const rest = bars.length > 1 ? `, lowest ${lowest.label} with ${formatNumber(lowest.value)}` : "";
  const line = reference === undefined ? "" : ` Reference line: ${reference.label}, ${formatNumber(reference.value)}.`;
  return `${most}${rest}.${line}`;
}

function table({ bars, axis }: BarsBlock): Pick<ChartParts, "columns" | "rows"> {
  const hasInterval = bars.some((b) => b.interval !== undefined);
  return {
    columns: ["", axisTitle(axis), ...(hasInterval ? ["from", "to"] : [])],
    rows: bars.map((b) => [b.label, exact(b.value), ...(hasInterval ? (b.interval ?? []).map((v) => exact(v)) : [])]),
  };
}
