import { Button, ButtonGroup, HTMLSelect } from "@blueprintjs/core";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useDeferredValue, useEffect, useState, type ReactElement } from "react";
import type { DataSummary, SampleOrder, SamplePage } from "../../../core/contract/samples.ts";
import type { VariantView } from "../../../core/contract/views.ts";
import { useEngine } from "../../client/engine.ts";
import { keys } from "../../client/keys.ts";
import { Empty, Failed, Loading } from "../../kit/states.tsx";
import { useStore } from "../../kit/store.ts";
import { useWork } from "../../parts/useWork.ts";
import { WorkBar } from "../../parts/WorkBar.tsx";
import { FilterBar } from "./FilterBar.tsx";
import { BLANK, EVERY, filterOf, isFiltered, questions, type Question } from "./question.ts";
import { useSamples, type DataName } from "./queries.ts";
import { SampleDetail } from "./SampleDetail.tsx";
import { VirtualSamples } from "./VirtualSamples.tsx";

export interface SampleBrowserProps {
  readonly name: DataName;
  readonly summary: DataSummary;
  readonly variants: readonly VariantView[];
  /** Number of a sample to show at once, among all. */
  readonly begin: number | undefined;
}

/** The samples of a data set: what is looked for, how many there are, and one of them in full. */
export function SampleBrowser({ name, summary, variants, begin }: SampleBrowserProps): ReactElement {
  const key = `${name.project} ${name.data}`;
  const kept = useStore(questions)[key] ?? BLANK;
  // A variant of yesterday may be gone.
  const question = variants.some((v) => v.id === kept.variant) ? kept : { ...kept, variant: "" };
  const asked = useDeferredValue(question);
  const [sight, setSight] = useState({ first: 0, last: 47 });
  const [chosen, setChosen] = useState<number>();
  const { count } = summary.data.info;
  useEffect(() => {
    if (begin === undefined || begin >= count) return;
    // In the data's order and without a filter, a sample stands at its number.
    questions.set((all) => ({ ...all, [key]: { ...(all[key] ?? BLANK), ...EVERY } }));
    setSight({ first: begin, last: begin + 47 });
    setChosen(begin);
  }, [begin, count, key]);
  const samples = useSamples(name, { filter: filterOf(asked), order: asked.order, ...sight });
  const seen = useCallback((first: number, last: number) => setSight({ first, last }), []);
  const change = (next: Question): void => {
    questions.set((before) => ({ ...before, [key]: next }));
    setChosen(undefined);
  };
  const { total } = samples;
  const view = chosen === undefined ? undefined : samples.at(chosen);
  return (
    <div className="browser">
      <FilterBar summary={summary} variants={variants} question={question} onChange={change} />
      {samples.missing.length > 0 && <Missing name={name} missing={samples.missing} variant={question.variant} />}
      <div className="browser-head">
        <span role="status">
          {total === undefined
            ? ""
            : total === count
              ? `${count.toLocaleString("en-US")} samples`
              : `${total.toLocaleString("en-US")} of ${count.toLocaleString("en-US")} samples`}
        </span>
        <div className="row">
          <HTMLSelect
            aria-label="Order"
            value={`${question.order.by} ${question.order.isDown ? "down" : "up"}`}
            options={orders(summary, question)}
            onChange={({ currentTarget: { value } }) => {
              const [by = "number", direction] = value.split(" ");
              change({ ...question, order: { by: by as SampleOrder["by"], isDown: direction === "down" } });
            }}
          />
          <ButtonGroup>
            {(["grid", "list"] as const).map((form) => (
              <Button
                key={form}
                icon={form === "grid" ? "grid-view" : "list"}
                aria-label={form === "grid" ? "Show as grid" : "Show as list"}
                aria-pressed={question.form === form}
                active={question.form === form}
                onClick={() => change({ ...question, form })}
              />
            ))}
          </ButtonGroup>
        </div>
      </div>
      {samples.first.failure !== undefined ? (
        <Failed failure={samples.first.failure} retry={samples.first.again} />
      ) : total === undefined ? (
        <Loading what="the samples" />
      ) : total === 0 ? (
        <Empty
          icon="filter"
          title="No sample fits"
          actions={
            isFiltered(question) && (
              <Button
                text="Clear the filters"
                onClick={() => change({ ...BLANK, variant: question.variant, form: question.form })}
              />
            )
          }
        >
          {samples.missing.length > 0
            ? "Right, wrong and confidence need predictions, and there are none yet."
            : "Change the filters above."}
        </Empty>
      ) : (
        <div className={chosen === undefined ? "browser-main" : "browser-main browser-split"}>
          <VirtualSamples
            samples={samples}
            total={total}
            form={question.form}
            hasPredictions={question.variant !== ""}
            hasLabels={summary.data.info.classes !== undefined}
            chosen={chosen}
            onChoose={setChosen}
            onSight={seen}
          />
          {chosen !== undefined && view !== undefined && (
            <SampleDetail
              name={name}
              sample={view.sample}
              variant={question.variant}
              position={`${(chosen + 1).toLocaleString("en-US")} of ${total.toLocaleString("en-US")}`}
              onPrevious={chosen > 0 ? () => setChosen(chosen - 1) : undefined}
              onNext={chosen < total - 1 ? () => setChosen(chosen + 1) : undefined}
              onClose={() => setChosen(undefined)}
            />
          )}
        </div>
      )}
    </div>
  );
}

function orders({ data }: DataSummary, { variant }: Question): { value: string; label: string }[] {
  return [
    { value: "number up", label: "In the data's order" },
    { value: "number down", label: "Last ones first" },
    { value: "name up", label: "By name" },
    ...(data.info.classes === undefined ? [] : [{ value: "class up", label: "By class" }]),
    ...(variant === ""
      ? []
      : [
          { value: "prediction up", label: "By predicted class" },
          { value: "confidence down", label: "Most confident first" },
          { value: "confidence up", label: "Least confident first" },
        ]),
  ];
}

interface MissingProps {
  readonly name: DataName;
  readonly missing: SamplePage["missing"];
  readonly variant: string;
}

/** Offers to have the variants look at what they have not seen. */
function Missing({ name, missing, variant }: MissingProps): ReactElement {
  const { client } = useEngine();
  const queries = useQueryClient();
  const work = useWork<{ samples: number }>();
  const splits = [...new Set(missing.flatMap((m) => m.splits))];
  const total = missing.reduce((sum, m) => sum + m.samples, 0);
  const start = async (): Promise<void> => {
    const made = await work.start((signal) => client.data.predict({ ...name, variant, splits }, { signal }));
    if (made !== undefined) await queries.invalidateQueries({ queryKey: [...keys.project(name.project), "data"] });
  };
  const what = missing.map((m) => `${m.name} (${m.splits.join(", ")})`).join("; ");
  return (
    <div className="callout tone-info">
      <strong>Not predicted yet: {what}.</strong>
      <span>{total.toLocaleString("en-US")} samples to look at. The predictions are kept.</span>
      {!work.state.isRunning && (
        <Button size="small" icon="predictive-analysis" text="Predict" onClick={() => void start()} />
      )}
      <WorkBar state={work.state} what="Predicting" onCancel={work.cancel} />
    </div>
  );
}
