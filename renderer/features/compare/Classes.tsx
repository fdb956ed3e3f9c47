import type { ReactElement } from "react";
import { formatFixed, formatSigned } from "../../../core/base/format.ts";
import type { ClassComparison } from "../../../core/contract/compare.ts";
import type { VariantView } from "../../../core/contract/views.ts";
import { scaleOf, XTicks } from "../../blocks/axis.tsx";
import { Chart } from "../../blocks/Chart.tsx";
import type { Identities } from "../../blocks/identity.ts";
import { useBrush, type Brush } from "../../blocks/plot/brush.ts";

export interface ClassesProps {
  readonly comparison: ClassComparison;
  readonly variants: readonly VariantView[];
  readonly identities: Identities;
  readonly brush: Brush;
}

/** Classes that are drawn: those that change most. The table has all. */
const MOST = 30;
const WIDTH = 760;
const LEFT = 150;
const TOP = 26;

/** How much each class gained or lost against the baseline, with 95 % intervals. */
export function Classes({ comparison, variants, identities, brush }: ClassesProps): ReactElement | null {
  useBrush(brush);
  const { classes } = comparison;
  const paired = variants.flatMap((v, i) =>
    classes.some((c) => c.figures[i]?.difference !== undefined) ? [{ v, i }] : [],
  );
  if (classes.length === 0 || paired.length === 0) return null;
  const change = (c: ClassComparison["classes"][number]): number =>
    Math.max(...paired.map(({ i }) => Math.abs(c.figures[i]?.difference?.value ?? 0)));
  const drawn = classes.length <= MOST ? classes : classes.toSorted((a, b) => change(b) - change(a)).slice(0, MOST);
  const step = Math.max(22, 9 * paired.length + 8);
  const bottom = TOP + drawn.length * step;
  const box = [LEFT, TOP, WIDTH - 20, bottom] as const;
  const axis = { title: "Accuracy minus the baseline's", unit: "points", scale: "linear" } as const;
  const ends = drawn.flatMap((c) =>
    paired.flatMap(({ i }) => {
      const d = c.figures[i]?.difference;
      return d === undefined ? [] : [100 * d.low, 100 * d.high];
    }),
  );
  const x = scaleOf(axis, [0, ...ends], [LEFT, WIDTH - 20]);
  const worst = paired.map(({ v, i }) => {
    const lowest = classes.toSorted(
      (a, b) => (a.figures[i]?.difference?.value ?? 0) - (b.figures[i]?.difference?.value ?? 0),
    )[0];
    return `${v.name} changes ${lowest?.label ?? ""} most for the worse (${formatSigned(100 * (lowest?.figures[i]?.difference?.value ?? 0), 1)})`;
  });
  return (
    <Chart
      title={
        classes.length > drawn.length
          ? `Accuracy by class: the ${drawn.length} of ${classes.length} that change most`
          : "Accuracy by class"
      }
      summary={`Differences from the baseline with 95 % intervals. ${worst.join("; ")}.`}
      columns={[
        "Class",
        "Samples",
        ...variants.flatMap((v, i) =>
          i === 0 ? [`${v.name}, %`] : [`${v.name}, %`, `${v.name}, Δ points`, `${v.name}, 95 %`],
        ),
      ]}
      rows={classes.map((c) => [
        c.label,
        String(c.samples),
        ...variants.flatMap((_, i) => {
          const figure = c.figures[i];
          const value = figure === null || figure === undefined ? "—" : formatFixed(100 * figure.value, 1);
          if (i === 0) return [value];
          const d = figure?.difference;
          return d === undefined
            ? [value, "—", "—"]
            : [
                value,
                formatSigned(100 * d.value, 1),
                `${formatSigned(100 * d.low, 1)} to ${formatSigned(100 * d.high, 1)}`,
              ];
        }),
      ])}
    >
      <svg viewBox={`0 0 ${WIDTH} ${bottom + 44}`} className="class-chart">
        <XTicks scale={x} axis={axis} box={box} />
        <line className="chart-reference" x1={x(0)} x2={x(0)} y1={TOP - 4} y2={bottom} />
        {drawn.map((c, row) => (
          <g key={c.label}>
            <text className="chart-label" x={LEFT - 10} y={TOP + row * step + step / 2 + 4} textAnchor="end">
              {c.label.length > 20 ? `${c.label.slice(0, 19)}…` : c.label}
              <title>{c.label}</title>
            </text>
            {paired.map(({ v, i }, n) => {
              const d = c.figures[i]?.difference;
              if (d === undefined) return null;
              const y = TOP + row * step + step / 2 + (n - (paired.length - 1) / 2) * 9;
              const { colour, symbol } = identities(v.name);
              return (
                <g key={v.id} className={brush.count() > 0 && !brush.has(i) ? "plot-back" : undefined}>
                  <line stroke={colour} x1={x(100 * d.low)} x2={x(100 * d.high)} y1={y} y2={y} />
                  <path className="chart-mark" d={symbol(x(100 * d.value), y)} fill={colour} />
                </g>
              );
            })}
          </g>
        ))}
      </svg>
    </Chart>
  );
}
