import type { ReactElement } from "react";
import { formatNumber } from "../../core/base/format.ts";
import type { ReportBlock } from "../../core/contract/report.ts";
import { axisText, scaleOf, WIDTH, XTicks, YTicks } from "./axis.tsx";
import { Chart } from "./Chart.tsx";
import type { Identities } from "./identity.ts";

type Scatter = Extract<ReportBlock, { kind: "scatter" }>;

const HEIGHT = 320;
const BOX = [56, 30, WIDTH - 20, HEIGHT - 44] as const;

export interface ScatterProps {
  readonly block: Scatter;
  readonly identities: Identities;
}

/** What is traded for what: points with their intervals, and the front of those that nothing beats in both. */
export function ScatterChart({ block, identities }: ScatterProps): ReactElement {
  const { points, front = [] } = block;
  const [left, top, right, bottom] = BOX;
  const x = scaleOf(
    block.x,
    points.flatMap((p) => [p.x, ...(p.xInterval ?? [])]),
    [left, right],
  );
  const y = scaleOf(
    block.y,
    points.flatMap((p) => [p.y, ...(p.yInterval ?? [])]),
    [bottom, top],
  );
  const onFront = points.filter((p) => front.includes(p.label)).toSorted((a, b) => a.x - b.x);
  const text = (value: number, range?: readonly [number, number]): string =>
    range === undefined
      ? formatNumber(value)
      : `${formatNumber(value)} (${range.map((v) => formatNumber(v)).join("–")})`;
  const labels = placeLabels(points.map((p) => ({ label: p.label, x: x(p.x), y: y(p.y) })));
  return (
    <Chart
      title={block.title}
      summary={`${points.length} points${onFront.length > 0 ? `; not beaten in both: ${onFront.map((p) => p.label).join(", ")}` : ""}.`}
      columns={["Variant", axisText(block.x), axisText(block.y)]}
      rows={points.map((p) => [p.label, text(p.x, p.xInterval), text(p.y, p.yInterval)])}
    >
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`}>
        <XTicks scale={x} axis={block.x} box={BOX} />
        <YTicks scale={y} axis={block.y} box={BOX} />
        <path className="chart-front" d={onFront.map((p, i) => `${i === 0 ? "M" : "L"}${x(p.x)} ${y(p.y)}`).join("")} />
        {points.map((p, i) => {
          const { colour, symbol } = identities(p.group ?? p.label);
          const at = labels[i];
          return (
            <g key={p.label}>
              {p.xInterval !== undefined && (
                <line stroke={colour} x1={x(p.xInterval[0])} x2={x(p.xInterval[1])} y1={y(p.y)} y2={y(p.y)} />
              )}
              {p.yInterval !== undefined && (
                <line stroke={colour} x1={x(p.x)} x2={x(p.x)} y1={y(p.yInterval[0])} y2={y(p.yInterval[1])} />
              )}
              <path className="chart-mark" d={symbol(x(p.x), y(p.y))} fill={colour} />
              {at !== undefined && (
                <text className="chart-label" x={at.x} y={at.y} textAnchor={at.anchor}>
                  {p.label}
                </text>
              )}
            </g>
          );
        })}
      </svg>
    </Chart>
  );
}

export interface Spot {
  readonly label: string;
  readonly x: number;
  readonly y: number;
}

export interface Placed {
  readonly x: number;
  readonly y: number;
  readonly anchor: "start" | "end";
}

/** Beside each point, or a line lower or higher where another label stands; none where there is no room. */
export function placeLabels(spots: readonly Spot[], most = WIDTH): (Placed | undefined)[] {
  const taken: { readonly from: number; readonly to: number; readonly y: number }[] = [];
  return spots.map(({ label, x, y }) => {
    const width = label.length * 6.6;
    const isRight = x + 10 + width < most;
    const from = isRight ? x + 10 : x - 10 - width;
    for (const dy of [4, -12, 20, -26, 34]) {
      const spot = { from, to: from + width, y: y + dy };
      const isFree = taken.every((t) => spot.to < t.from || spot.from > t.to || Math.abs(spot.y - t.y) > 13);
      if (!isFree) continue;
      taken.push(spot);
      return { x: isRight ? x + 10 : x - 10, y: spot.y, anchor: isRight ? "start" : "end" };
    }
    return undefined;
  });
}
