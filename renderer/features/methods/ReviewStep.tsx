import { Button } from "@blueprintjs/core";
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactElement } from "react";
import { formatBytes } from "../../../core/base/format.ts";
import type { Failure } from "../../../core/contract/failure.ts";
import type { Estimate, MethodInfo } from "../../../core/contract/method.ts";
import type { ChainAsked, JobView, RunAsked } from "../../../core/contract/run.ts";
import { useEngine, type Engine } from "../../client/engine.ts";
import { failureOf } from "../../client/failure.ts";
import { asked, useDiagnosis, type Asked } from "../../client/queries.ts";
import { fieldsOf, isDefault, titleOf, valueOf, valueText } from "../../form/schema.ts";
import { useCommand } from "../../kit/commands.ts";
import { paths, useGo } from "../../kit/navigation.ts";
import { duration } from "../../kit/numbers.tsx";
import { Failed, Loading, Refusal } from "../../kit/states.tsx";
import { Copyable } from "../../parts/Copyable.tsx";
import { chainOf, isChain, requestOf, type Draft } from "./draft.ts";
import { ProblemList } from "./ProblemList.tsx";
import { doubtsIn, STEPS, type Problem, type Problems, type Step } from "./problems.ts";
import { SavePreset } from "./SavePreset.tsx";
import type { StepProps } from "./step.ts";
import { TryOut } from "./TryOut.tsx";

export interface ReviewStepProps extends StepProps {
  readonly problems: Problems;
  readonly onGo: (step: Step) => void;
  readonly onFix: (step: Step, problem: Problem) => void;
}

/** What the run would take, the same run in other words, and its start. */
export function ReviewStep(props: ReviewStepProps): ReactElement {
  const { problems, method, onFix } = props;
  if (problems.size > 0 || method === undefined) {
    const all = STEPS.flatMap((step) => (problems.get(step) ?? []).map((problem) => ({ step, problem })));
    return <ProblemList title="This cannot run yet" problems={all} onFix={onFix} />;
  }
  return <Plan {...props} method={method} />;
}

/** A run or a chain, before it is started. */
interface Planned {
  readonly estimate?: Estimate | undefined;
  readonly notes: readonly string[];
  readonly command: string;
  /** What is written as JSON: a recipe or a pipeline. */
  readonly json: unknown;
}

type Wanted = { readonly kind: "run"; readonly run: RunAsked } | { readonly kind: "chain"; readonly chain: ChainAsked };

function usePlan(project: string, wanted: Wanted): Asked<Planned> {
  const { client } = useEngine();
  return asked(
    useQuery({
      queryKey: ["plan", project, wanted],
      queryFn: async (): Promise<Planned> => {
        if (wanted.kind === "chain") {
          const plan = await client.methods.planChain({ project, chain: wanted.chain });
          return { ...plan, notes: [], json: wanted.chain.pipeline };
        }
        const { recipe, ...plan } = await client.methods.plan({ project, run: wanted.run });
        return { ...plan, json: recipe };
      },
    }),
  );
}

interface Submitted {
  readonly project: string;
  readonly wanted: Wanted;
  readonly tryout?: number;
}

function submit({ client }: Engine, { project, wanted, tryout }: Submitted): Promise<JobView> {
  // A tryout is short, and somebody waits for it.
  const wish = tryout === undefined ? {} : { tryout, priority: 100 };
  return wanted.kind === "run"
    ? client.jobs.run({ project, run: wanted.run, ...wish })
    : client.jobs.runChain({ project, chain: wanted.chain, ...wish });
}

function Plan(props: ReviewStepProps & { readonly method: MethodInfo }): ReactElement {
  const { project, overview, methods, draft, method, onGo } = props;
  const engine = useEngine();
  const go = useGo();
  const [failure, setFailure] = useState<Failure>();
  const [isBusy, setBusy] = useState(false);
  const wanted: Wanted = isChain(draft)
    ? { kind: "chain", chain: chainOf(draft, methods) }
    : { kind: "run", run: requestOf(draft, method) };
  const plan = usePlan(project, wanted);
  const start = async (): Promise<void> => {
    if (plan.data === undefined || isBusy) return;
    setBusy(true);
    setFailure(undefined);
    try {
      const { job } = await submit(engine, { project, wanted });
      go(paths.jobs(project, job.id));
    } catch (thrown) {
      setFailure(failureOf(thrown));
      setBusy(false);
    }
  };
  useCommand("wizard.run", () => void start());
  if (plan.failure !== undefined) return <Failed failure={plan.failure} retry={plan.again} />;
  if (plan.data === undefined) return <Loading what="the estimate" />;
  const { estimate, notes, command, json } = plan.data;
  return (
    <>
      {draft.steps.map((step) => {
        const own = methods.find((m) => m.id === step.method);
        return own === undefined ? null : (
          <Summary key={step.key} {...{ overview, draft }} method={own} values={step.params[own.id] ?? {}} />
        );
      })}
      {estimate !== undefined && <Estimated estimate={estimate} />}
      <Advice methods={methods} draft={draft} />
      {doubtsIn(draft, { overview, methods }).map((doubt) => (
        <p key={doubt} className="callout tone-warning">
          {doubt}
        </p>
      ))}
      {notes.map((note) => (
        <p key={note} className="callout tone-info">
          {note}
        </p>
      ))}
      <TryOut
        key={JSON.stringify(wanted)}
        project={project}
        start={(samples) => submit(engine, { project, wanted, tryout: samples })}
      />
      <Copyable title="The same on the command line" text={command} />
      <details>
        <summary>{wanted.kind === "run" ? "Recipe as JSON" : "Pipeline as JSON"}</summary>
        <Copyable
          title={wanted.kind === "run" ? "Recipe" : "pipeline.json"}
          text={JSON.stringify(json, undefined, 2)}
        />
      </details>
      {failure !== undefined && <Refusal failure={failure} />}
      <footer className="wizard-foot">
        <SavePreset project={project} draft={draft} methods={methods} />
        <div className="actions">
          <Button text="Back" icon="arrow-left" onClick={() => onGo("evaluation")} />
          <Button intent="primary" icon="play" text="Run" loading={isBusy} onClick={() => void start()} />
        </div>
      </footer>
    </>
  );
}

function Estimated({ estimate }: { readonly estimate: Estimate }): ReactElement {
  return (
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
  );
}

/** Whether INT8 will be faster on this machine. */
function Advice({ methods, draft }: Pick<StepProps, "methods" | "draft">): ReactElement | null {
  const quantises = draft.steps.some((s) => methods.find((m) => m.id === s.method)?.family === "quantize");
  const advice = useDiagnosis().data?.advice[0];
  return quantises && advice !== undefined ? <p className="callout tone-info">{advice}</p> : null;
}

interface SummaryProps {
  readonly overview: StepProps["overview"];
  readonly draft: Draft;
  readonly method: MethodInfo;
  readonly values: Draft["steps"][number]["params"][string];
}

function Summary({ overview, draft, method, values }: SummaryProps): ReactElement {
  const changed = fieldsOf(method.params).filter((f) => !isDefault(f, values));
  const from = overview.variants.find((v) => v.id === draft.from)?.name ?? "";
  const data = overview.data.find((d) => d.id === draft.data)?.name;
  return (
    <p className="prose">
      <strong>{method.title}</strong>
      {!isChain(draft) && (
        <>
          {" "}
          of <strong>{from}</strong>
          {data !== undefined && (
            <>
              {" "}
              with samples of <strong>{data}</strong>
            </>
          )}
        </>
      )}
      {changed.length === 0
        ? ", all settings at their default."
        : `; changed: ${changed.map((f) => `${titleOf(f)} ${valueText(valueOf(f, values))}`).join(", ")}.`}
    </p>
  );
}
