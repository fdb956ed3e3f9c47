import { scaleLinear } from "d3-scale";
import type { ReactElement } from "react";
import { formatNumber } from "../../core/base/format.ts";
import type { ReportBlock } from "../../core/contract/report.ts";
import { axisText, scaleOf, WIDTH, XTicks, type Scale } from "./axis.tsx";
import { Chart } from "./Chart.tsx";
import type { Identities } from "./identity.ts";

type Bars = Extract<ReportBlock, { kind: "bars" }>;

const ROW = 34;
const TOP = 26;
const LEFT = 140;

export interface BarsProps {
  readonly block: Bars;
  readonly identities: Identities;
}

/** One bar, or dot, for each label, with its interval. */
export function BarsChart({ block, identities }: BarsProps): ReactElement {
  const { bars, axis, reference, form = "bars" } = block;
  const bottom = TOP + bars.length * ROW;
  const box = [LEFT, TOP, WIDTH - 64, bottom] as const;
  const values = bars.flatMap((b) => [b.value, ...(b.interval ?? [])]);
  const x: Scale =
    form === "dots" || axis.scale === "log"
      ? scaleOf(axis, values, [LEFT, WIDTH - 64])
      : scaleLinear([Math.min(0, ...values), Math.max(0, ...values) * 1.02 || 1], [LEFT, WIDTH - 64]);
  const start = form === "dots" || axis.scale === "log" ? LEFT : x(0);
  return (
    <Chart
      title={block.title}
      summary={bars.map((b) => `${b.label} ${numberText(b.value)}`).join(", ")}
      columns={["", axisText(axis), "Interval"]}
      rows={bars.map((b) => [
        b.label,
        numberText(b.value),
        b.interval === undefined ? "—" : b.interval.map((v) => formatNumber(v)).join("–"),
      ])}
    >
      <svg viewBox={`0 0 ${WIDTH} ${bottom + 44}`}>
        <XTicks scale={x} axis={axis} box={box} />
        {reference !== undefined && (
          <g>
            <line
              className="chart-reference"
              x1={x(reference.value)}
              x2={x(reference.value)}
              y1={TOP - 6}
              y2={bottom}
            />
            <text className="chart-tick" x={x(reference.value)} y={TOP - 11} textAnchor="middle">
              {reference.label}
            </text>
          </g>
        )}
        {bars.map(({ label, value, interval, group }, i) => {
          const y = TOP + i * ROW + ROW / 2;
          const { colour, symbol } = identities(group ?? label);
          const end = Math.max(x(value), ...(interval === undefined ? [] : [x(interval[1])]));
          return (
            <g key={label}>
              <text className="chart-label" x={LEFT - 10} y={y + 4} textAnchor="end">
                {shorten(label)}
                <title>{label}</title>
              </text>
              {form === "bars" && (
                <rect
                  x={Math.min(start, x(value))}
                  width={Math.max(1, Math.abs(x(value) - start))}
                  y={y - 8}
                  height={16}
                  rx={2}
                  fill={colour}
                />
              )}
              {interval !== undefined && (
                <line
                  className={form === "bars" ? "chart-whisker" : ""}
                  stroke={colour}
                  x1={x(interval[0])}
                  x2={x(interval[1])}
                  y1={y}
                  y2={y}
                />
              )}
              {form === "dots" && <path className="chart-mark" d={symbol(x(value), y)} fill={colour} />}
              <text className="chart-value" x={end + 8} y={y + 4}>
                {numberText(value)}
              </text>
            </g>
          );
        })}
      </svg>
    </Chart>
  );
}

/** Counts are whole. */
function numberText(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString("en-US").replace("-", "−") : formatNumber(value);
}

function shorten(label: string): string {
  return label.length > 19 ? `${label.slice(0, 18)}…` : label;
}
