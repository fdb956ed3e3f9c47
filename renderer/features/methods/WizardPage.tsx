import { Button } from "@blueprintjs/core";
import { useEffect, useRef, useState, type ReactElement } from "react";
import type { MethodInfo } from "../../../core/contract/method.ts";
import type { Overview } from "../../../core/contract/views.ts";
import {
  useJobs,
  useLayers,
  useMethods,
  useOverview,
  usePresets,
  useStatus,
  useTrialRecipe,
} from "../../client/queries.ts";
import type { WizardStart } from "../../kit/navigation.ts";
import { Empty, Failed, Loading } from "../../kit/states.tsx";
import { defaultThreads } from "../../kit/threads.ts";
import { isChain, startDraft, stepAt, type Draft } from "./draft.ts";
import { EvaluationStep } from "./EvaluationStep.tsx";
import { GoalStep } from "./GoalStep.tsx";
import { ProblemList } from "./ProblemList.tsx";
import { problemsIn, STEP_TITLES, STEPS, type Problem, type Step } from "./problems.ts";
import { ReviewStep } from "./ReviewStep.tsx";
import { SettingsStep } from "./SettingsStep.tsx";
import { SourceStep } from "./SourceStep.tsx";
import type { StepProps } from "./step.ts";

export interface WizardPageProps {
  readonly project: string;
  readonly start: WizardStart;
}

/** The one frame of all wizards; what it asks for follows from the method. */
export function WizardPage({ project, start }: WizardPageProps): ReactElement {
  const overview = useOverview(project);
  const methods = useMethods();
  const status = useStatus();
  const jobs = useJobs(start.job === undefined ? undefined : project);
  const presets = usePresets(project);
  const trial = useTrialRecipe(project, start.trial === undefined ? undefined : Number(start.trial));
  const all = [overview, methods, status, jobs, presets, trial];
  const failure = all.find((q) => q.failure !== undefined)?.failure;
  if (failure !== undefined) {
    return <Failed isPage failure={failure} retry={() => all.forEach((q) => q.failure !== undefined && q.again())} />;
  }
  const isWaiting =
    (start.job !== undefined && jobs.data === undefined) ||
    (start.preset !== undefined && presets.data === undefined) ||
    (start.trial !== undefined && trial.data === undefined);
  if (overview.data === undefined || methods.data === undefined || status.data === undefined || isWaiting)
    return <Loading what="the wizard" />;
  if (overview.data.variants.length === 0) {
    return (
      <Empty isPage icon="graph" title="No model yet">
        Methods start from a model. Import one in the overview first.
      </Empty>
    );
  }
  const draft = startDraft({
    overview: overview.data,
    methods: methods.data,
    start,
    threads: defaultThreads.get() ?? status.data.threads,
    plan: jobs.data?.find((v) => v.job.id === start.job)?.job.plan,
    preset: presets.data?.find((p) => p.name === start.preset),
    run: trial.data,
  });
  return (
    <Wizard
      key={JSON.stringify(start)}
      project={project}
      first={draft}
      overview={overview.data}
      methods={methods.data}
    />
  );
}

interface WizardProps {
  readonly project: string;
  /** What it starts with; later ones do not matter. */
  readonly first: Draft;
  readonly overview: Overview;
  readonly methods: readonly MethodInfo[];
}

function Wizard({ project, first, overview, methods }: WizardProps): ReactElement {
  const [draft, setDraft] = useState(first);
  const [step, setStep] = useState<Step>(stepAt(first).method === undefined ? "source" : "method");
  const [seen, setSeen] = useState<ReadonlySet<Step>>(new Set());
  const heading = useRef<HTMLHeadingElement>(null);
  const isFirst = useRef(true);
  /** The field to go to once its step is drawn. */
  const target = useRef<string>(undefined);
  const layers = useLayers(project, draft.from).data;
  const method = methods.find((m) => m.id === stepAt(draft).method);
  const problems = problemsIn(draft, { overview, methods, layers });
  const at = STEPS.indexOf(step);
  useEffect(() => {
    // Whoever listens is told where they are; the first step is announced by the page itself.
    if (!isFirst.current && !focusField(target.current)) heading.current?.focus();
    isFirst.current = false;
    target.current = undefined;
  }, [step]);
  const go = (to: Step): void => {
    setSeen((before) => new Set([...before, step]));
    setStep(to);
  };
  const fix = (to: Step, problem: Problem): void => {
    if (problem.at !== undefined) setDraft({ ...draft, at: problem.at });
    target.current = problem.target;
    if (to !== step) go(to);
    // Where the step stays, another method's form may still have to be drawn.
    else requestAnimationFrame(() => focusField(problem.target));
  };
  const here = problems.get(step) ?? [];
  const isTold = (s: Step): boolean => (problems.get(s)?.length ?? 0) > 0 && (seen.has(s) || s === "method");
  const props: StepProps = { project, overview, methods, method, draft, layers, onChange: setDraft };
  return (
    <div className="page wizard">
      <header className="page-head">
        <div className="page-title">
          <h1>{isChain(draft) ? "Chain of methods" : method === undefined ? "New variant" : method.title}</h1>
          <p className="muted">
            {isChain(draft)
              ? "Each method goes on with what the one before it made."
              : (method?.summary ?? "Choose what to start from, and what to do with it.")}
          </p>
        </div>
      </header>
      <div className="wizard-frame">
        <nav aria-label="Steps" className="wizard-rail">
          <ol>
            {STEPS.map((s, i) => (
              <li key={s}>
                <button
                  type="button"
                  className={isTold(s) ? "wizard-step wizard-step-wrong" : "wizard-step"}
                  aria-current={s === step ? "step" : undefined}
                  onClick={() => go(s)}
                >
                  <span className="wizard-number" aria-hidden>
                    {isTold(s) ? "!" : seen.has(s) && s !== step ? "✓" : i + 1}
                  </span>
                  {STEP_TITLES[s]}
                  {isTold(s) && <span className="sr"> (needs attention)</span>}
                </button>
              </li>
            ))}
          </ol>
        </nav>
        <section className="card wizard-body" aria-labelledby="wizard-step-title">
          <h2 id="wizard-step-title" tabIndex={-1} ref={heading}>
            {STEP_TITLES[step]}
          </h2>
          {isTold(step) && step !== "review" && (
            <ProblemList
              title={here.length === 1 ? "One thing is wrong here" : `${here.length} things are wrong here`}
              problems={here.map((problem) => ({ problem, step }))}
              onFix={fix}
            />
          )}
          {step === "source" && <SourceStep {...props} />}
          {step === "goal" && <GoalStep {...props} />}
          {step === "method" && <SettingsStep {...props} />}
          {step === "evaluation" && <EvaluationStep {...props} />}
          {step === "review" && <ReviewStep {...props} problems={problems} onGo={go} onFix={fix} />}
          {step !== "review" && (
            <footer className="wizard-foot">
              <span />
              <div className="actions">
                {at > 0 && <Button text="Back" icon="arrow-left" onClick={() => go(STEPS[at - 1] ?? step)} />}
                <Button intent="primary" text="Next" endIcon="arrow-right" onClick={() => go(STEPS[at + 1] ?? step)} />
              </div>
            </footer>
          )}
        </section>
      </div>
    </div>
  );
}

/** Brings the focus to the control within an element. @returns whether there is one */
function focusField(id: string | undefined): boolean {
  const found = id === undefined ? null : document.getElementById(id);
  // The way back to the default stands before the field itself.
  const control =
    found?.querySelector<HTMLElement>("input, select, textarea") ?? found?.querySelector<HTMLElement>("button");
  control?.focus();
  return control != null;
}
