import { Button, HTMLSelect, PopoverNext } from "@blueprintjs/core";
import { useMemo, type ReactElement } from "react";
import { formatNumber } from "../../../core/base/format.ts";
import type { ReportBlock } from "../../../core/contract/report.ts";
import type { Objective } from "../../../core/contract/trials.ts";
import type {
  Importance,
  TrialColumn,
  TrialFront,
  TrialPoints,
  TrialSearch,
} from "../../../core/contract/trialViews.ts";
import { BarsChart } from "../../blocks/BarsChart.tsx";
import { identify, type Identities } from "../../blocks/identity.ts";
import { LinesChart } from "../../blocks/LinesChart.tsx";
import { AxisChoice } from "../../blocks/plot/AxisChoice.tsx";
import type { Brush } from "../../blocks/plot/brush.ts";
import { ParallelChart } from "../../blocks/plot/ParallelChart.tsx";
import type { PointsBlock } from "../../blocks/plot/points.ts";
import { PointsChart } from "../../blocks/plot/PointsChart.tsx";
import { Refusal } from "../../kit/states.tsx";
import { ColumnList } from "./ColumnList.tsx";
import { labelOf } from "./Filters.tsx";
import { axisOf, isAxis, parallelAxes, pointSetOf } from "./pointSet.ts";
import { useImportance, useTrialFront } from "./queries.ts";

/** What the charts show. */
export interface ChartChoice {
  readonly x: string;
  readonly y: string;
  readonly isLogX: boolean;
  readonly isLogY: boolean;
  readonly objectives: readonly Objective[];
  /** Columns of the parallel coordinates. */
  readonly axes: readonly string[];
}

export interface TrialChartsProps {
  readonly project: string;
  readonly search: TrialSearch;
  readonly columns: readonly TrialColumn[];
  readonly points: TrialPoints;
  readonly brush: Brush;
  readonly choice: ChartChoice;
  readonly onChoice: (change: Partial<ChartChoice>) => void;
}

export function TrialCharts(props: TrialChartsProps): ReactElement {
  const { project, search, columns, points, brush, choice, onChoice } = props;
  const front = useTrialFront(project, { search, objectives: choice.objectives });
  const score = choice.objectives[0]?.value;
  const importance = useImportance(project, search, score);
  const groups = points.options["group"];
  const identities = useMemo(() => identify(groups ?? []), [groups]);
  const chosenAxes = useMemo(() => columns.filter((c) => choice.axes.includes(c.id)), [columns, choice.axes]);
  const axes = useMemo(
    () =>
      parallelAxes(
        points,
        chosenAxes.filter((c) => points.columns[c.id] !== undefined),
      ),
    [points, chosenAxes],
  );
  const numbers = points.columns["number"];
  const label = (i: number): string =>
    `${groups?.[points.columns["group"]?.[i] ?? -1] ?? "trial"} ${numbers?.[i] ?? points.ids[i] ?? i}`;
  return (
    <>
      <div className="charts charts-wide">
        <FrontChart {...props} front={front.data} identities={identities} />
        {axes.length > 1 && (
          <ParallelChart
            title="Parameters and results"
            summary={`${points.ids.length.toLocaleString("en-US")} trials over ${axes.map((a) => a.title).join(", ")}. Drag along an axis to select, or move its ends by key.`}
            axes={axes}
            label={label}
            identity={(i) => identities(groups?.[points.columns["group"]?.[i] ?? -1] ?? "")}
            brush={brush}
            tools={
              <ColumnList
                name="Axes"
                columns={columns.filter(isAxis)}
                isChosen={(id) => choice.axes.includes(id)}
                onChange={(id, isChosen) =>
                  onChoice({ axes: isChosen ? [...choice.axes, id] : choice.axes.filter((a) => a !== id) })
                }
              />
            }
          />
        )}
      </div>
      <div className="charts">
        {front.failure !== undefined && <Refusal failure={front.failure} />}
        {front.data !== undefined && front.data.of > 0 && (
          <LinesChart block={courseOf(front.data, choice.objectives)} identities={identities} />
        )}
        {importance.data !== undefined && importance.data.length > 0 && (
          <figure className="chart-with-note">
            <BarsChart block={importanceBlock(importance.data, score ?? "")} identities={identify(["importance"])} />
            <figcaption className="muted">
              Each parameter by itself (ω² of a one-way analysis of variance over {importance.data[0]?.trials ?? 0}{" "}
              trials): what two parameters do only together shows in neither, and a search that looks in one corner of
              the space says little about the rest.
            </figcaption>
          </figure>
        )}
      </div>
    </>
  );
}

interface FrontChartProps extends TrialChartsProps {
  readonly front: TrialFront | undefined;
  readonly identities: Identities;
}

function FrontChart({ columns, points, brush, choice, onChoice, front, identities }: FrontChartProps): ReactElement {
  const { x, y, isLogX, isLogY, objectives } = choice;
  const numeric = columns.filter((c) => c.isNumeric);
  const choices = numeric.map((c) => ({ value: c.id, label: labelOf(c) }));
  const xColumn = numeric.find((c) => c.id === x) ?? numeric[0];
  const yColumn = numeric.find((c) => c.id === y) ?? numeric[0];
  const isOfFront = objectives.every((o) => `value.${o.value}` === x || `value.${o.value}` === y);
  const block = useMemo((): PointsBlock | undefined => {
    if (xColumn === undefined || yColumn === undefined) return undefined;
    const places = new Map(points.ids.map((id, i) => [id, i]));
    return {
      title: "Front",
      x: axisOf(xColumn, isLogX),
      y: axisOf(yColumn, isLogY),
      points: pointSetOf({ points, x: xColumn.id, y: yColumn.id, identities }),
      front: isOfFront ? (front?.ids ?? []).flatMap((id) => places.get(id) ?? []) : [],
    };
  }, [points, xColumn, yColumn, isLogX, isLogY, front, isOfFront, identities]);
  if (block === undefined) return <></>;
  const isSample = points.ids.length < points.total;
  const goals = objectives.map((o) => `${o.value} ${o.goal === "most" ? "large" : "small"}`).join(", ");
  return (
    <PointsChart
      block={block}
      brush={brush}
      summary={`${isSample ? `${points.ids.length.toLocaleString("en-US")} of ` : ""}${points.total.toLocaleString("en-US")} trials by ${block.x.title} and ${block.y.title}; ${front?.ids.length ?? 0} of ${front?.of ?? 0} finished ones are beaten by no other (${goals}).`}
      tools={
        <>
          <AxisChoice
            name="Across"
            value={x}
            options={choices}
            isLog={isLogX}
            onChange={(id) => onChoice({ x: id })}
            onLog={(v) => onChoice({ isLogX: v })}
          />
          <AxisChoice
            name="Upwards"
            value={y}
            options={choices}
            isLog={isLogY}
            onChange={(id) => onChoice({ y: id })}
            onLog={(v) => onChoice({ isLogY: v })}
          />
          <GoalList columns={columns} objectives={objectives} onChange={(next) => onChoice({ objectives: next })} />
          <Legend points={points} identities={identities} />
        </>
      }
    />
  );
}

function Legend({
  points,
  identities,
}: {
  readonly points: TrialPoints;
  readonly identities: Identities;
}): ReactElement | null {
  const groups = points.options["group"] ?? [];
  if (groups.length < 2) return null;
  return (
    <span className="legend" aria-hidden>
      {groups.slice(0, 8).map((group) => (
        <span key={group} className="row">
          <svg className="swatch" width={14} height={14}>
            <path d={identities(group).symbol(7, 7)} fill={identities(group).colour} />
          </svg>
          {group}
        </span>
      ))}
    </span>
  );
}

interface GoalListProps {
  readonly columns: readonly TrialColumn[];
  readonly objectives: readonly Objective[];
  readonly onChange: (objectives: readonly Objective[]) => void;
}

/** Which results are to be large or small: up to three make the front. */
function GoalList({ columns, objectives, onChange }: GoalListProps): ReactElement {
  const values = columns.filter((c) => c.kind === "value" && c.isNumeric);
  const goalOf = (name: string): string => objectives.find((o) => o.value === name)?.goal ?? "";
  const set = (name: string, goal: string): void => {
    const rest = objectives.filter((o) => o.value !== name);
    if (goal === "most" || goal === "least") onChange([...rest, { value: name, goal } as const].slice(-3));
    else if (rest.length > 0) onChange(rest);
  };
  return (
    <PopoverNext
      placement="bottom-start"
      content={
        <fieldset className="column-list">
          <legend className="sr">Objectives</legend>
          {values.map((c) => (
            <label key={c.id} className="goal">
              <span>{c.title}</span>
              <HTMLSelect
                value={goalOf(c.title)}
                options={[
                  { value: "", label: "does not count" },
                  { value: "most", label: "large" },
                  { value: "least", label: "small" },
                ]}
                onChange={(event) => set(c.title, event.currentTarget.value)}
              />
            </label>
          ))}
        </fieldset>
      }
    >
      <Button size="small" variant="minimal" endIcon="caret-down" text="Objectives" />
    </PopoverNext>
  );
}

type Lines = Extract<ReportBlock, { kind: "lines" }>;
type Bars = Extract<ReportBlock, { kind: "bars" }>;

/** As steps: between two rises nothing changes. */
function courseOf({ hypervolume }: TrialFront, objectives: readonly Objective[]): Lines {
  const points = hypervolume.flatMap(([n, v], i): [number, number][] => {
    const before = hypervolume[i - 1];
    return before === undefined
      ? [[n, v]]
      : [
          [n, before[1]],
          [n, v],
        ];
  });
  return {
    kind: "lines",
    title: "Hypervolume over time",
    x: { title: "Finished trials", scale: "linear" },
    y: { title: `Share of the box of ${objectives.map((o) => o.value).join(" and ")}`, scale: "linear" },
    series: [{ label: `all samplers, ${formatNumber(hypervolume.at(-1)?.[1] ?? 0, 4)} at the end`, points }],
  };
}

function importanceBlock(found: readonly Importance[], score: string): Bars {
  return {
    kind: "bars",
    title: `What ${score} goes with`,
    axis: { title: `Share of the spread of ${score}`, unit: "%", scale: "linear" },
    bars: found
      .slice(0, 12)
      .map((i) => ({ label: i.title, value: Number((100 * i.share).toFixed(1)), group: "importance" })),
  };
}
