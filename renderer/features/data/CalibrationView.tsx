import { Button, FormGroup, HTMLSelect, InputGroup } from "@blueprintjs/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState, type ReactElement } from "react";
import type { CalibrationPick } from "../../../core/contract/dataset.ts";
import type { Failure } from "../../../core/contract/failure.ts";
import type { CalibrationReport, DataSummary } from "../../../core/contract/samples.ts";
import { Blocks } from "../../blocks/Blocks.tsx";
import { identify } from "../../blocks/identity.ts";
import { useEngine } from "../../client/engine.ts";
import { failureOf } from "../../client/failure.ts";
import { keys } from "../../client/keys.ts";
import { Refusal } from "../../kit/states.tsx";
import { toast } from "../../kit/toast.ts";
import { useWork } from "../../parts/useWork.ts";
import { WorkBar } from "../../parts/WorkBar.tsx";
import { classBars } from "./BalanceView.tsx";
import { Preview } from "./Preview.tsx";
import { usePreviews, type DataName } from "./queries.ts";

export interface CalibrationViewProps {
  readonly name: DataName;
  readonly summary: DataSummary;
  readonly canWrite: boolean;
}

/** Milliseconds after the last change. */
const PAUSE = 350;
/** Picked samples that are shown. */
const SHOWN = 24;

/** A whole number from 0; undefined for anything else. */
export function wholeOf(text: string): number | undefined {
  const value = Number(text);
  return text.trim() === "" || !Number.isInteger(value) || value < 0 ? undefined : value;
}

/** Chooses the samples that calibrate, and says what that would mean before it is done. */
export function CalibrationView({ name, summary, canWrite }: CalibrationViewProps): ReactElement {
  const { client } = useEngine();
  const queries = useQueryClient();
  const now = summary.calibration;
  const [samples, setSamples] = useState(String(now.samples));
  const [from, setFrom] = useState<CalibrationPick["from"]>(now.from);
  const [by, setBy] = useState<CalibrationPick["by"]>(now.by);
  const [seed, setSeed] = useState(String(now.seed));
  const [report, setReport] = useState<CalibrationReport>();
  const [failure, setFailure] = useState<Failure>();
  const work = useWork<CalibrationReport>();
  const { start, cancel } = work;
  const count = wholeOf(samples);
  const seedNumber = wholeOf(seed);
  const most = summary.counts[from];
  const isTooMany = count !== undefined && count > most;
  const { project, data } = name;
  const pick = useMemo<CalibrationPick | undefined>(
    () =>
      count === undefined || seedNumber === undefined || isTooMany
        ? undefined
        : { samples: count, from, by, seed: seedNumber },
    [count, seedNumber, isTooMany, from, by],
  );
  useEffect(() => {
    if (pick === undefined) return;
    const timer = setTimeout(() => {
      void start((signal) => client.data.tryCalibration({ project, data, pick }, { signal })).then(
        (made) => made !== undefined && setReport(made),
      );
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      cancel();
    };
  }, [pick, project, data, client, start, cancel]);
  const isPick = (other: CalibrationPick | undefined): boolean => pick !== undefined && isEqual(pick, other);
  const isSame = isPick(now);
  const isCurrent = isPick(report?.pick);
  const save = async (chosen: CalibrationPick): Promise<void> => {
    try {
      setFailure(undefined);
      await client.data.chooseCalibration({ project, data, pick: chosen });
      await queries.invalidateQueries({ queryKey: keys.project(project) });
      await toast(`${chosen.samples.toLocaleString("en-US")} samples of ${chosen.from} calibrate from now on.`, {
        tone: "good",
        undo: () => void save(now),
      });
    } catch (thrown) {
      setFailure(failureOf(thrown));
    }
  };
  return (
    <div className="calibration">
      <form
        className="card calibration-form"
        aria-label="Calibration samples"
        onSubmit={(event) => {
          event.preventDefault();
          if (pick !== undefined) void save(pick);
        }}
      >
        <p className="muted">
          In use: {describe(now)}. Quantisation measures its ranges on these, and every recipe names them.
        </p>
        <FormGroup
          label="Samples"
          labelFor="calibration-samples"
          intent={count === undefined || isTooMany ? "danger" : "none"}
          helperText={
            count === undefined
              ? "Enter a whole number."
              : isTooMany
                ? `${from} has ${most.toLocaleString("en-US")}.`
                : `Of ${most.toLocaleString("en-US")}. 100 to 500 are usual.`
          }
        >
          <InputGroup
            id="calibration-samples"
            inputMode="numeric"
            value={samples}
            onChange={(event) => setSamples(event.currentTarget.value)}
          />
        </FormGroup>
        <FormGroup label="From split" labelFor="calibration-from">
          <HTMLSelect
            id="calibration-from"
            fill
            value={from}
            options={(["train", "validation", "test"] as const).map((value) => ({
              value,
              label: `${value} (${summary.counts[value].toLocaleString("en-US")})`,
            }))}
            onChange={(event) => setFrom(event.currentTarget.value as CalibrationPick["from"])}
          />
        </FormGroup>
        <FormGroup label="Drawn" labelFor="calibration-by">
          <HTMLSelect
            id="calibration-by"
            fill
            value={by}
            options={[
              { value: "class", label: "Stratified: each class has its share" },
              { value: "random", label: "At random" },
            ]}
            onChange={(event) => setBy(event.currentTarget.value as CalibrationPick["by"])}
          />
        </FormGroup>
        <FormGroup
          label="Seed"
          labelFor="calibration-seed"
          helperText={seedNumber === undefined ? "Enter a whole number." : "The same seed draws the same samples."}
          intent={seedNumber === undefined ? "danger" : "none"}
        >
          <InputGroup
            id="calibration-seed"
            inputMode="numeric"
            value={seed}
            onChange={(event) => setSeed(event.currentTarget.value)}
          />
        </FormGroup>
        <Button
          type="submit"
          intent="primary"
          text="Use these samples"
          disabled={!canWrite || isSame || !isCurrent || report?.refusal !== undefined}
        />
        {failure !== undefined && <Refusal failure={failure} />}
      </form>
      <div className="calibration-report">
        <WorkBar state={work.state} what="Looking for samples that also evaluate" onCancel={work.cancel} />
        {report !== undefined && <Report name={name} report={report} />}
      </div>
    </div>
  );
}

function isEqual(a: CalibrationPick, b: CalibrationPick | undefined): boolean {
  return a.samples === b?.samples && a.from === b.from && a.by === b.by && a.seed === b.seed;
}

function describe({ samples, from, by, seed }: CalibrationPick): string {
  return `${samples.toLocaleString("en-US")} samples of ${from}, ${by === "class" ? "stratified" : "at random"}, seed ${seed}`;
}

function Report({ name, report }: { readonly name: DataName; readonly report: CalibrationReport }): ReactElement {
  const { samples, classes, leaks, warnings, refusal } = report;
  const shown = useMemo(() => samples.slice(0, SHOWN), [samples]);
  const previews = usePreviews(name, shown);
  const counted = classes.map((c) => ({ class: c.class, count: c.picked }));
  return (
    <>
      {leaks.map(({ split, same, copies }) => (
        <div
          key={split}
          className={`callout ${split === "test" && same > 0 ? "tone-bad" : "tone-warning"}`}
          role="alert"
        >
          <strong>Leak: {leakText(split, same, copies)}</strong>
          <span>What is measured on {split} would flatter the model.</span>
        </div>
      ))}
      {refusal !== undefined && (
        <p className="callout tone-bad">
          <strong>These samples cannot be used.</strong> <span>{refusal}</span>
        </p>
      )}
      {leaks.length === 0 && (
        <p className="callout tone-info">
          <span>No leak: none of them, and no copy of them, is in validation or test.</span>
        </p>
      )}
      {warnings.map((text) => (
        <p key={text} className="callout tone-warning">
          <span>{text}</span>
        </p>
      ))}
      {counted.length > 0 && (
        <Blocks blocks={[classBars("Picked samples of each class", counted)]} identities={identify(["samples"])} />
      )}
      <h2>
        {samples.length > SHOWN ? `The first ${SHOWN} of ${samples.length.toLocaleString("en-US")}` : "The samples"}
      </h2>
      <ul className="plain-list picked">
        {shown.map((sample, i) => (
          <li key={sample}>
            <Preview preview={previews?.[i]} label={`Sample ${sample}`} />
          </li>
        ))}
      </ul>
    </>
  );
}

function leakText(split: string, same: number, copies: number): string {
  const parts = [
    ...(same > 0 ? [`${same} of them ${same === 1 ? "is" : "are"} in ${split}`] : []),
    ...(copies > 0
      ? [
          `${copies} ${copies === 1 ? "sample" : "samples"} of ${split} ${copies === 1 ? "is a copy of a picked one" : "are copies of picked ones"}`,
        ]
      : []),
  ];
  return `${parts.join(", and ")}.`;
}
