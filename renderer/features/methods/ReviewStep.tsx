import { Button } from "@blueprintjs/core";
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactElement } from "react";
import { formatBytes } from "../../../core/base/format.ts";
import type { Failure } from "../../../core/contract/failure.ts";
import type { MethodInfo } from "../../../core/contract/method.ts";
import { useEngine } from "../../client/engine.ts";
import { failureOf } from "../../client/failure.ts";
import { asked } from "../../client/queries.ts";
import { fieldsOf, isDefault, titleOf, valueOf } from "../../form/schema.ts";
import { useCommand } from "../../kit/commands.ts";
import { paths, useGo } from "../../kit/navigation.ts";
import { duration } from "../../kit/numbers.tsx";
import { Failed, Loading, Refusal } from "../../kit/states.tsx";
import { toast } from "../../kit/toast.ts";
import { requestOf, STEP_TITLES, type Draft, type Step } from "./draft.ts";
import type { StepProps } from "./step.ts";

export interface ReviewStepProps extends StepProps {
  readonly problems: ReadonlyMap<Step, string>;
  readonly onGo: (step: Step) => void;
}

/** What the run would take, the same run in other words, and its start. */
export function ReviewStep(props: ReviewStepProps): ReactElement {
  const { problems, method, onGo } = props;
  if (problems.size > 0 || method === undefined) {
    return (
      <div className="callout tone-bad" role="alert">
        <strong>This cannot run yet.</strong>
        <ul>
          {[...problems].map(([step, text]) => (
            <li key={step}>
              <button type="button" className="link" onClick={() => onGo(step)}>
                {STEP_TITLES[step]}
              </button>
              : {text}
            </li>
          ))}
        </ul>
      </div>
    );
  }
  return <Plan {...props} method={method} />;
}

function Plan({
  project,
  overview,
  draft,
  method,
  onGo,
}: ReviewStepProps & { readonly method: MethodInfo }): ReactElement {
  const { client } = useEngine();
  const go = useGo();
  const [failure, setFailure] = useState<Failure>();
  const [isBusy, setBusy] = useState(false);
  const run = requestOf(draft, method);
  const plan = asked(
    useQuery({ queryKey: ["plan", project, run], queryFn: () => client.methods.plan({ project, run }) }),
  );
  const start = async (): Promise<void> => {
    if (plan.data === undefined || isBusy) return;
    setBusy(true);
    setFailure(undefined);
    try {
      const { job } = await client.jobs.run({ project, run });
      go(paths.jobs(project, job.id));
    } catch (thrown) {
      setFailure(failureOf(thrown));
      setBusy(false);
    }
  };
  useCommand("wizard.run", () => void start());
  if (plan.failure !== undefined) return <Failed failure={plan.failure} retry={plan.again} />;
  if (plan.data === undefined) return <Loading what="the estimate" />;
  const { estimate, notes, command, recipe } = plan.data;
  return (
    <>
      <Summary overview={overview} draft={draft} method={method} />
      <dl className="numbers estimate">
        <div>
          <dt>Estimated time</dt>
          <dd>about {duration(Math.max(1, estimate.seconds))}</dd>
        </div>
        <div>
          <dt>Memory</dt>
          <dd>{formatBytes(estimate.memory)}</dd>
        </div>
        <div>
          <dt>Disk</dt>
          <dd>{formatBytes(estimate.disk)}</dd>
        </div>
      </dl>
      {notes.map((note) => (
        <p key={note} className="callout tone-info">
          {note}
        </p>
      ))}
      <Copyable title="The same on the command line" text={command} />
      <details>
        <summary>Recipe as JSON</summary>
        <Copyable title="Recipe" text={JSON.stringify(recipe, undefined, 2)} />
      </details>
      {failure !== undefined && <Refusal failure={failure} />}
      <footer className="wizard-foot">
        <span />
        <div className="actions">
          <Button text="Back" icon="arrow-left" onClick={() => onGo("evaluation")} />
          <Button intent="primary" icon="play" text="Run" loading={isBusy} onClick={() => void start()} />
        </div>
      </footer>
    </>
  );
}

interface SummaryProps {
  readonly overview: StepProps["overview"];
  readonly draft: Draft;
  readonly method: MethodInfo;
}

function Summary({ overview, draft, method }: SummaryProps): ReactElement {
  const values = draft.params[method.id] ?? {};
  const changed = fieldsOf(method.params).filter((f) => !isDefault(f, values));
  const from = overview.variants.find((v) => v.id === draft.from)?.name ?? "";
  const data = overview.data.find((d) => d.id === draft.data)?.name;
  return (
    <p className="prose">
      <strong>{method.title}</strong> of <strong>{from}</strong>
      {data !== undefined && (
        <>
          {" "}
          with samples of <strong>{data}</strong>
        </>
      )}
      {changed.length === 0
        ? ", all settings at their default."
        : `; changed: ${changed.map((f) => `${titleOf(f)} ${JSON.stringify(valueOf(f, values))}`).join(", ")}.`}
    </p>
  );
}

function Copyable({ title, text }: { readonly title: string; readonly text: string }): ReactElement {
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    await toast("Copied.");
  };
  return (
    <div className="copyable">
      <div className="section-head">
        <h3>{title}</h3>
        <Button
          size="small"
          variant="minimal"
          icon="duplicate"
          text="Copy"
          aria-label={`Copy: ${title}`}
          onClick={() => void copy()}
        />
      </div>
      <pre className="code" tabIndex={0} role="region" aria-label={title}>
        {text}
      </pre>
    </div>
  );
}
