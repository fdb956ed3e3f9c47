import { Button, Menu, MenuItem, PopoverNext } from "@blueprintjs/core";
import { useMemo, useState, type ReactElement } from "react";
import type { ComparisonView } from "../../../core/contract/compare.ts";
import type { Failure } from "../../../core/contract/failure.ts";
import type { ParallelAxis } from "../../blocks/plot/parallel.ts";
import { identify, type Identities } from "../../blocks/identity.ts";
import { createBrush, useBrush, type Brush } from "../../blocks/plot/brush.ts";
import { ParallelChart } from "../../blocks/plot/ParallelChart.tsx";
import { useEngine } from "../../client/engine.ts";
import { failureOf } from "../../client/failure.ts";
import { useComparison, useOverview } from "../../client/queries.ts";
import { runCommand } from "../../kit/commands.ts";
import { layout } from "../../kit/layout.ts";
import { paths, useGo } from "../../kit/navigation.ts";
import { saveText } from "../../kit/saveFile.ts";
import { selection } from "../../kit/selection.ts";
import { Empty, Failed, Loading, Refusal } from "../../kit/states.tsx";
import { toast } from "../../kit/toast.ts";
import { Chooser } from "./Chooser.tsx";
import { Classes } from "./Classes.tsx";
import { Curves } from "./Curves.tsx";
import { figuresOf, type Figure } from "./figures.ts";
import { FigureTable } from "./FigureTable.tsx";
import { Layers } from "./Layers.tsx";
import { useClassComparison, useLayerComparison } from "./queries.ts";
import { Samples } from "./Samples.tsx";
import { TradeOff } from "./TradeOff.tsx";

/** Variants beside the baseline. What is selected in one table or chart is selected in all. */
export function ComparePage({ project }: { readonly project: string }): ReactElement {
  const overview = useOverview(project);
  const go = useGo();
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const variants = useMemo(() => overview.data?.variants ?? [], [overview.data]);
  const identities = useMemo(() => identify(variants.map((v) => v.name)), [variants]);
  const title = <h1 className="sr">Compare</h1>;
  if (overview.failure !== undefined)
    return (
      <>
        {title}
        <Failed failure={overview.failure} retry={overview.again} />
      </>
    );
  if (overview.data === undefined) return <Loading what="the variants" />;
  if (variants.length < 2) {
    return (
      <>
        {title}
        <Empty
          icon="comparison"
          title={variants.length === 0 ? "No model yet" : "Only the baseline so far"}
          actions={
            variants.length === 1 && (
              <Button intent="primary" text="Choose a method" onClick={() => go(paths.methods(project))} />
            )
          }
        >
          {variants.length === 0
            ? "Import a model in the overview first."
            : "A method makes a variant of it. Then there is something to compare."}
        </Empty>
      </>
    );
  }
  const chosen = variants.filter((v) => v.isBaseline || !left.has(v.id));
  const unmeasured = chosen.filter((v) => !v.isMeasured);
  return (
    <div className="page compare">
      <header className="page-head">
        <div className="page-title">
          <h1>Compare</h1>
          <p className="muted">With 95 % intervals. A selection in one table or chart holds in all of them.</p>
        </div>
        <SaveMenu project={project} variants={chosen.map((v) => v.id)} />
      </header>
      <Chooser variants={variants} left={left} identities={identities} onChange={setLeft} />
      {unmeasured.length > 0 && (
        <div className="callout tone-info">
          <span>
            {unmeasured.length === 1 ? `${unmeasured[0]?.name ?? ""} was` : `${unmeasured.length} variants were`} not
            measured yet.
          </span>
          <Button size="small" text="Measure now" onClick={() => runCommand("variants.measure")} />
        </div>
      )}
      <Comparison project={project} chosen={chosen.map((v) => v.id)} identities={identities} />
    </div>
  );
}

interface ComparisonProps {
  readonly project: string;
  readonly chosen: readonly string[];
  readonly identities: Identities;
}

function Comparison({ project, chosen, identities }: ComparisonProps): ReactElement {
  const { data, failure, again } = useComparison(project, chosen);
  if (failure !== undefined) return <Failed failure={failure} retry={again} />;
  if (data === undefined) return <Loading what="the comparison" />;
  return <Sections project={project} comparison={data} identities={identities} />;
}

interface SectionsProps {
  readonly project: string;
  readonly comparison: ComparisonView;
  readonly identities: Identities;
}

function Sections({ project, comparison, identities }: SectionsProps): ReactElement {
  const { variants, protocol, curves } = comparison;
  const ids = variants.map((v) => v.id).join(" ");
  // A choice is of these variants, in this order.
  const brush = useMemo(() => createBrush(ids.split(" ").length), [ids]);
  const figures = useMemo(() => figuresOf(comparison), [comparison]);
  const numeric = useMemo(() => figures.filter((f) => f.cells.some((c) => c.value !== undefined)), [figures]);
  // What is the same everywhere would only be a line across.
  const axes = useMemo(() => numeric.filter(differs).map(axisOf), [numeric]);
  const all = variants.map((v) => v.id);
  const layers = useLayerComparison(project, all);
  const classes = useClassComparison(project, all);
  const open = (index: number): void => {
    const variant = variants[index];
    if (variant === undefined) return;
    selection.set({ project, variant: variant.id });
    if (!layout.get().inspector) brush.set([index]);
  };
  const shared = { variants, identities, brush };
  return (
    <>
      <FigureTable {...shared} figures={figures} protocol={protocol} onOpen={open} />
      <SelectionBar project={project} brush={brush} comparison={comparison} />
      <div className="charts charts-wide">
        <TradeOff {...shared} figures={numeric} onOpen={open} />
        {axes.length > 2 && (
          <ParallelChart
            title="All figures at once"
            summary={`${variants.length} variants over ${axes.map((a) => a.title).join(", ")}.`}
            axes={axes}
            label={(i) => variants[i]?.name ?? ""}
            identity={(i) => identities(variants[i]?.name ?? "")}
            brush={brush}
          />
        )}
      </div>
      <Curves {...shared} curves={curves} />
      <Part failure={classes.failure} isThere={classes.data !== undefined} what="the classes">
        {() => classes.data && <Classes {...shared} comparison={classes.data} />}
      </Part>
      <Samples {...shared} project={project} />
      <Part failure={layers.failure} isThere={layers.data !== undefined} what="the layers">
        {() => layers.data && <Layers {...shared} comparison={layers.data} />}
      </Part>
    </>
  );
}

const differs = ({ cells }: Figure): boolean => new Set(cells.map((c) => c.value)).size > 1;

function axisOf({ column, cells }: Figure): ParallelAxis {
  return {
    id: column.id,
    title: column.title,
    unit: column.unit,
    scale: "linear",
    values: Float64Array.from(cells, (c) => c.value ?? NaN),
  };
}

interface PartProps {
  readonly failure: Failure | undefined;
  readonly isThere: boolean;
  readonly what: string;
  readonly children: () => ReactElement | undefined;
}

function Part({ failure, isThere, what, children }: PartProps): ReactElement | undefined {
  if (failure !== undefined) return <Refusal failure={failure} />;
  return isThere ? children() : <Loading what={what} />;
}

interface SelectionBarProps {
  readonly project: string;
  readonly brush: Brush;
  readonly comparison: ComparisonView;
}

/** What is selected, and what can be done with it. */
function SelectionBar({ project, brush, comparison: { variants } }: SelectionBarProps): ReactElement {
  useBrush(brush);
  const go = useGo();
  const chosen = brush.chosen().flatMap((i) => variants[i] ?? []);
  const [one] = chosen;
  return (
    <div className="selection-bar" role="status">
      {one === undefined ? (
        <span className="muted">
          Select variants in the table, by clicking points, or by dragging along an axis; by key, move the ends of an
          axis.
        </span>
      ) : (
        <>
          <span>
            Selected: <strong>{chosen.map((v) => v.name).join(", ")}</strong>
          </span>
          <Button
            size="small"
            variant="minimal"
            text="Clear"
            aria-label="Clear the selection"
            onClick={() => brush.clear()}
          />
          {chosen.length === 1 && (
            <>
              <Button
                size="small"
                variant="minimal"
                text="Inspect"
                onClick={() => {
                  selection.set({ project, variant: one.id });
                  layout.set((before) => ({ ...before, inspector: true }));
                }}
              />
              {one.recipe !== null && (
                <Button
                  size="small"
                  variant="minimal"
                  text="Clone and edit"
                  onClick={() => go(paths.wizard(project, { clone: one.id }))}
                />
              )}
              <Button size="small" variant="minimal" text="Export…" onClick={() => go(paths.export(project, one.id))} />
            </>
          )}
        </>
      )}
    </div>
  );
}

const FORMATS = [
  { format: "html", text: "Report, HTML" },
  { format: "md", text: "Report, Markdown" },
  { format: "csv", text: "Table, CSV" },
  { format: "json", text: "Report, JSON" },
] as const;

interface SaveMenuProps {
  readonly project: string;
  readonly variants: readonly string[];
}

function SaveMenu({ project, variants }: SaveMenuProps): ReactElement {
  const { client } = useEngine();
  const save = async (format: (typeof FORMATS)[number]["format"]): Promise<void> => {
    try {
      saveText(await client.reports.render({ project, variants: [...variants], format }));
    } catch (thrown) {
      await toast(failureOf(thrown).message, { tone: "bad" });
    }
  };
  return (
    <PopoverNext
      placement="bottom-end"
      content={
        <Menu>
          {FORMATS.map(({ format, text }) => (
            <MenuItem key={format} text={text} onClick={() => void save(format)} />
          ))}
        </Menu>
      }
    >
      <Button icon="download" endIcon="caret-down" text="Save as" />
    </PopoverNext>
  );
}
