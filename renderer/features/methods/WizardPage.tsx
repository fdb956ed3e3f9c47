import { Button } from "@blueprintjs/core";
import { useEffect, useRef, useState, type ReactElement } from "react";
import type { MethodInfo } from "../../../core/contract/method.ts";
import type { Overview } from "../../../core/contract/views.ts";
import { useMethods, useOverview, useStatus } from "../../client/queries.ts";
import { type WizardStart } from "../../kit/navigation.ts";
import { Empty, Failed, Loading } from "../../kit/states.tsx";
import { problemsIn, startDraft, STEP_TITLES, STEPS, type Step } from "./draft.ts";
import { EvaluationStep } from "./EvaluationStep.tsx";
import { GoalStep } from "./GoalStep.tsx";
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
  const failure = overview.failure ?? methods.failure ?? status.failure;
  if (failure !== undefined) {
    const again = (): void => [overview, methods, status].forEach((q) => q.failure !== undefined && q.again());
    return <Failed failure={failure} retry={again} />;
  }
  if (overview.data === undefined || methods.data === undefined || status.data === undefined)
    return <Loading what="the wizard" />;
  if (overview.data.variants.length === 0) {
    return (
      <Empty icon="graph" title="No model yet">
        Methods start from a model. Import one in the overview first.
      </Empty>
    );
  }
  return (
    <Wizard
      key={JSON.stringify(start)}
      project={project}
      start={start}
      overview={overview.data}
      methods={methods.data}
      threads={status.data.threads}
    />
  );
}

interface WizardProps extends WizardPageProps {
  readonly overview: Overview;
  readonly methods: readonly MethodInfo[];
  readonly threads: number;
}

function Wizard({ project, start, overview, methods, threads }: WizardProps): ReactElement {
  const [draft, setDraft] = useState(() => startDraft({ overview, start, threads }));
  const [step, setStep] = useState<Step>(start.method !== undefined || start.clone !== undefined ? "method" : "source");
  const [seen, setSeen] = useState<ReadonlySet<Step>>(new Set());
  const heading = useRef<HTMLHeadingElement>(null);
  const isFirst = useRef(true);
  const method = methods.find((m) => m.id === draft.method);
  const problems = problemsIn(draft, overview, method);
  const at = STEPS.indexOf(step);
  useEffect(() => {
    // Whoever listens is told where they are; the first step is announced by the page itself.
    if (!isFirst.current) heading.current?.focus();
    isFirst.current = false;
  }, [step]);
  const go = (to: Step): void => {
    setSeen((before) => new Set([...before, step]));
    setStep(to);
  };
  const next = (): void => {
    const to = STEPS[at + 1];
    if (to !== undefined) go(to);
  };
  const problem = problems.get(step);
  const props: StepProps = {
    project,
    overview,
    methods,
    method,
    draft,
    onChange: (change) => setDraft((before) => ({ ...before, ...change })),
    onNext: next,
  };
  return (
    <div className="page wizard">
      <header className="page-head">
        <div className="page-title">
          <h1>{method === undefined ? "New variant" : method.title}</h1>
          <p className="muted">{method?.summary ?? "Choose what to start from, and what to do with it."}</p>
        </div>
      </header>
      <div className="wizard-frame">
        <nav aria-label="Steps" className="wizard-rail">
          <ol>
            {STEPS.map((s, i) => {
              const wrong = problems.get(s);
              const isWrong = wrong !== undefined && (seen.has(s) || s === "method");
              return (
                <li key={s}>
                  <button
                    type="button"
                    className="wizard-step"
                    aria-current={s === step ? "step" : undefined}
                    onClick={() => go(s)}
                  >
                    <span className="wizard-number" aria-hidden>
                      {isWrong ? "!" : seen.has(s) && s !== step ? "✓" : i + 1}
                    </span>
                    {STEP_TITLES[s]}
                    {isWrong && <span className="sr"> (needs attention)</span>}
                  </button>
                </li>
              );
            })}
          </ol>
        </nav>
        <section className="card wizard-body" aria-labelledby="wizard-step-title">
          <h2 id="wizard-step-title" tabIndex={-1} ref={heading}>
            {STEP_TITLES[step]}
          </h2>
          {step === "source" && <SourceStep {...props} />}
          {step === "goal" && <GoalStep {...props} />}
          {step === "method" && <SettingsStep {...props} />}
          {step === "evaluation" && <EvaluationStep {...props} />}
          {step === "review" && <ReviewStep {...props} problems={problems} onGo={go} />}
          {step !== "review" && (
            <footer className="wizard-foot">
              <span className="tone-bad" role="status">
                {seen.has(step) || step === "method" ? problem : undefined}
              </span>
              <div className="actions">
                {at > 0 && <Button text="Back" icon="arrow-left" onClick={() => go(STEPS[at - 1] ?? step)} />}
                <Button intent="primary" text="Next" endIcon="arrow-right" onClick={next} />
              </div>
            </footer>
          )}
        </section>
      </div>
    </div>
  );
}
