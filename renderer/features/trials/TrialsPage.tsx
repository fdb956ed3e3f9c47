import { Button } from "@blueprintjs/core";
import { useMemo, useState, type ReactElement } from "react";
import type { StoredTrial } from "../../../core/contract/trials.ts";
import type { TrialOrder, TrialSearch, TrialSummary } from "../../../core/contract/trialViews.ts";
import { createBrush, useBrush, type Brush } from "../../blocks/plot/brush.ts";
import { paths, useGo } from "../../kit/navigation.ts";
import { Empty, Failed, Loading } from "../../kit/states.tsx";
import { ColumnList } from "./ColumnList.tsx";
import { Filters } from "./Filters.tsx";
import { useTrialPoints, useTrialSummary } from "./queries.ts";
import { withTexts } from "./search.ts";
import { TrialCharts, type ChartChoice } from "./TrialCharts.tsx";
import { TrialDetail } from "./TrialDetail.tsx";
import { TrialTable } from "./TrialTable.tsx";
import { isAxis, varies } from "./pointSet.ts";

export interface TrialsPageProps {
  readonly project: string;
  /** Only those of one job, for a start. */
  readonly job: string | undefined;
}

/** What searches have tried: any number of trials as a table and in charts that share one selection. */
export function TrialsPage({ project, job }: TrialsPageProps): ReactElement {
  const { data, failure, again } = useTrialSummary(project);
  const go = useGo();
  const title = <h1 className="sr">Trials</h1>;
  if (failure !== undefined)
    return (
      <>
        {title}
        <Failed failure={failure} retry={again} />
      </>
    );
  if (data === undefined) return <Loading what="the trials" />;
  if (data.total === 0) {
    return (
      <>
        {title}
        <Empty
          icon="flows"
          title="No trials yet"
          actions={<Button intent="primary" text="Choose a method" onClick={() => go(paths.methods(project))} />}
        >
          A search tries many nets or settings. Each of them is a trial, and shows here while the search still runs.
        </Empty>
      </>
    );
  }
  return <Trials key={job} project={project} job={job} summary={data} />;
}

interface TrialsProps extends TrialsPageProps {
  readonly summary: TrialSummary;
}

/** Points that charts get; of more trials, an even sample with the whole front. */
const MOST = 10_000;

/** Columns that are hidden for a start: what says little, and settings that are the same in all trials. */
function firstHidden({ columns, total }: TrialSummary): ReadonlySet<string> {
  const same = columns.filter((c) => c.kind === "param" && total > 1 && !varies(c));
  return new Set(["method", "job", ...same.map((c) => c.id)]);
}

function Trials({ project, job, summary }: TrialsProps): ReactElement {
  const { columns } = summary;
  const [search, setSearch] = useState<TrialSearch>(() => (job === undefined ? {} : withTexts({}, "job", [job])));
  const [order, setOrder] = useState<TrialOrder>();
  const [hidden, setHidden] = useState(() => firstHidden(summary));
  const [opened, setOpened] = useState<StoredTrial>();
  const [include, setInclude] = useState<readonly number[]>([]);
  const [onlySelected, setOnlySelected] = useState<readonly number[]>();
  const [choice, setChoice] = useState<ChartChoice>(() => firstChoice(summary));
  const asked = [...new Set(["number", "group", choice.x, choice.y, ...choice.axes])].filter((id) =>
    columns.some((c) => c.id === id),
  );
  const points = useTrialPoints(project, {
    search,
    columns: asked,
    limit: MOST,
    objectives: choice.objectives,
    include,
  });
  const ids = points.data?.ids;
  const places = useMemo(() => new Map(ids?.map((id, i) => [id, i])), [ids]);
  const brush = useKeptBrush(ids);
  const tableSearch = useMemo(
    () => (onlySelected === undefined ? search : { ...search, ids: [...onlySelected] }),
    [search, onlySelected],
  );
  const toggle = (id: number): void => {
    const place = places.get(id);
    if (place !== undefined) brush.toggle(place);
    // Not among the sample of the charts: it is asked for, and then selected.
    else {
      pending.set(brush, id);
      setInclude((before) => [...before, id].slice(-1000));
    }
  };
  return (
    <div className="page trials">
      <header className="page-head">
        <div className="page-title">
          <h1>Trials</h1>
          <p className="muted">{subtitle(summary, points.data?.total)}</p>
        </div>
      </header>
      <Filters summary={summary} search={search} onChange={setSearch} />
      {points.failure !== undefined ? (
        <Failed failure={points.failure} retry={points.again} />
      ) : points.data === undefined ? (
        <Loading what="the charts" />
      ) : (
        <TrialCharts
          project={project}
          search={search}
          columns={columns}
          points={points.data}
          brush={brush}
          choice={choice}
          onChoice={(change) => setChoice((before) => ({ ...before, ...change }))}
        />
      )}
      <section className="card card-flush" aria-labelledby="trials-title">
        <div className="table-tools">
          <h2 id="trials-title">All trials</h2>
          <Selected brush={brush} ids={ids ?? []} shown={onlySelected} onShow={setOnlySelected} />
          <ColumnList
            name="Columns"
            icon="column-layout"
            columns={columns}
            isChosen={(id) => !hidden.has(id)}
            onChange={(id, isShown) =>
              setHidden((before) => new Set(isShown ? [...before].filter((h) => h !== id) : [...before, id]))
            }
          />
        </div>
        <TrialTable
          project={project}
          columns={columns.filter((c) => !hidden.has(c.id))}
          search={tableSearch}
          order={order}
          onOrder={setOrder}
          brush={brush}
          placeOf={(id) => places.get(id)}
          onToggle={toggle}
          opened={opened?.id}
          onOpen={setOpened}
        />
      </section>
      {opened !== undefined && <TrialDetail project={project} trial={opened} onClose={() => setOpened(undefined)} />}
    </div>
  );
}

/** Trials that are to be selected once the points have them. */
const pending = new WeakMap<Brush, number>();
let last: { readonly ids: readonly number[]; readonly brush: Brush } | undefined;

/** A selection of the points that there are; it stays with its trials when the points become others. */
function useKeptBrush(ids: readonly number[] | undefined): Brush {
  return useMemo(() => {
    const before = last;
    const chosen = new Set(before?.brush.chosen().map((i) => before.ids[i]));
    const wanted = before && pending.get(before.brush);
    if (wanted !== undefined) chosen.add(wanted);
    const brush = createBrush(
      ids?.length ?? 0,
      (ids ?? []).flatMap((id, i) => (chosen.has(id) ? [i] : [])),
    );
    last = { ids: ids ?? [], brush };
    return brush;
  }, [ids]);
}

function firstChoice({ objectives, columns }: TrialSummary): ChartChoice {
  const numeric = columns.filter((c) => c.isNumeric && c.kind !== "fact");
  const wanted = objectives.map((o) => `value.${o.value}`);
  const [y = numeric.at(-1)?.id ?? "seconds", x = numeric.find((c) => c.id !== y)?.id ?? "number"] = wanted;
  const axes = columns.filter(isAxis);
  const params = axes.filter((c) => c.kind === "param").slice(0, 6);
  const values = axes.filter((c) => wanted.includes(c.id));
  return { x, y, isLogX: false, isLogY: false, objectives, axes: [...params, ...values].map((c) => c.id) };
}

function subtitle({ total, jobs }: TrialSummary, found: number | undefined): string {
  const all = `${total.toLocaleString("en-US")} ${total === 1 ? "trial" : "trials"} of ${jobs.length} ${jobs.length === 1 ? "job" : "jobs"}`;
  return found === undefined || found === total ? `${all}.` : `${found.toLocaleString("en-US")} of ${all}.`;
}

interface SelectedProps {
  readonly brush: Brush;
  readonly ids: readonly number[];
  readonly shown: readonly number[] | undefined;
  readonly onShow: (ids: readonly number[] | undefined) => void;
}

function Selected({ brush, ids, shown, onShow }: SelectedProps): ReactElement {
  useBrush(brush);
  const count = brush.count();
  return (
    <span className="row">
      <span className="muted" role="status">
        {shown !== undefined
          ? `Only ${shown.length.toLocaleString("en-US")} selected ones`
          : `${count.toLocaleString("en-US")} selected`}
      </span>
      {shown !== undefined ? (
        <Button size="small" text="Show all trials" onClick={() => onShow(undefined)} />
      ) : (
        <Button
          size="small"
          text="Show only these"
          disabled={count === 0}
          onClick={() => onShow(brush.chosen().map((i) => ids[i] ?? 0))}
        />
      )}
      <Button
        size="small"
        text="Clear"
        aria-label="Clear the selection"
        disabled={count === 0}
        onClick={() => brush.clear()}
      />
    </span>
  );
}
