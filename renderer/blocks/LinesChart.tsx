import type { ReactElement } from "react";
import { formatNumber } from "../../core/base/format.ts";
import type { ReportBlock } from "../../core/contract/report.ts";
import { axisText, scaleOf, WIDTH, XTicks, YTicks } from "./axis.tsx";
import { Chart } from "./Chart.tsx";
import type { Identities } from "./identity.ts";

type Lines = Extract<ReportBlock, { kind: "lines" }>;

const HEIGHT = 280;
const BOX = [56, 30, WIDTH - 20, HEIGHT - 44] as const;

export interface LinesProps {
  readonly block: Lines;
  readonly identities: Identities;
}

/** Curves over time, each with its own dash. */
export function LinesChart({ block, identities }: LinesProps): ReactElement {
  const { series } = block;
  const points = series.flatMap((s) => s.points);
  const [left, top, right, bottom] = BOX;
  const x = scaleOf(
    block.x,
    points.map(([v]) => v),
    [left, right],
  );
  const y = scaleOf(
    block.y,
    points.map(([, v]) => v),
    [bottom, top],
  );
  return (
    <Chart
      title={block.title}
      summary={series.map((s) => `${s.label} ends at ${formatNumber(s.points.at(-1)?.[1] ?? Number.NaN)}`).join(", ")}
      columns={["Series", axisText(block.x), axisText(block.y)]}
      rows={series.flatMap((s) => s.points.map(([a, b]) => [s.label, formatNumber(a), formatNumber(b)]))}
    >
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`}>
        <XTicks scale={x} axis={block.x} box={BOX} />
        <YTicks scale={y} axis={block.y} box={BOX} />
        {series.map((s) => {
          const { colour, dash, symbol } = identities(s.label);
          const [first] = s.points;
          // One point makes no line.
          if (first !== undefined && s.points.length === 1)
            return <path key={s.label} className="chart-mark" d={symbol(x(first[0]), y(first[1]))} fill={colour} />;
          const d = s.points.map(([a, b], i) => `${i === 0 ? "M" : "L"}${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join("");
          return <path key={s.label} className="chart-line" d={d} stroke={colour} strokeDasharray={dash} />;
        })}
      </svg>
      <ul className="legend" aria-hidden>
        {series.map((s) => (
          <li key={s.label}>
            <svg width={24} height={10}>
              <line
                x1={0}
                x2={24}
                y1={5}
                y2={5}
                className="chart-line"
                stroke={identities(s.label).colour}
                strokeDasharray={identities(s.label).dash}
              />
            </svg>
            {s.label}
          </li>
        ))}
      </ul>
    </Chart>
  );
}
