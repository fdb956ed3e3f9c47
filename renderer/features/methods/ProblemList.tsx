import type { ReactElement } from "react";
import type { Problem, Step } from "./problems.ts";

export interface ProblemListProps {
  readonly title: string;
  readonly problems: readonly { readonly step: Step; readonly problem: Problem }[];
  readonly onFix: (step: Step, problem: Problem) => void;
}

/** What is wrong, each with a way to its field. */
export function ProblemList({ title, problems, onFix }: ProblemListProps): ReactElement {
  return (
    <div className="callout tone-bad" role="group" aria-label={title}>
      <strong>{title}</strong>
      <ul>
        {problems.map(({ step, problem }) => (
          <li key={`${step} ${problem.text}`}>
            <button type="button" className="link" onClick={() => onFix(step, problem)}>
              {problem.text}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
