import { Button } from "@blueprintjs/core";
import type { ReactElement } from "react";
import { addStep, isChain, moveStep, removeStep } from "./draft.ts";
import type { StepProps } from "./step.ts";

/** The methods of the run in their order; one of them is looked at. A single one can be followed by more. */
export function ChainStrip({ draft, methods, onChange }: StepProps): ReactElement {
  const titleOf = (id: string | undefined): string => methods.find((m) => m.id === id)?.title ?? "Choose a method";
  const place = draft.steps.findIndex((s) => s.key === draft.at);
  const here = draft.steps[place];
  return (
    <div className="chain">
      {isChain(draft) && (
        <ol className="chain-steps" aria-label="Methods of this chain">
          {draft.steps.map((step, i) => (
            <li key={step.key}>
              <button
                type="button"
                className="chain-step"
                aria-current={step.key === draft.at ? "true" : undefined}
                onClick={() => onChange({ ...draft, at: step.key })}
              >
                {i + 1}. {titleOf(step.method)}
              </button>
            </li>
          ))}
        </ol>
      )}
      <div className="row">
        <Button
          size="small"
          icon="add"
          text={isChain(draft) ? "Add a method" : "Add a method that runs afterwards"}
          onClick={() => onChange(addStep(draft))}
        />
        {isChain(draft) && here !== undefined && (
          <>
            <Button
              size="small"
              variant="minimal"
              icon="arrow-left"
              text="Earlier"
              disabled={place === 0}
              onClick={() => onChange(moveStep(draft, here.key, -1))}
            />
            <Button
              size="small"
              variant="minimal"
              endIcon="arrow-right"
              text="Later"
              disabled={place === draft.steps.length - 1}
              onClick={() => onChange(moveStep(draft, here.key, 1))}
            />
            <Button
              size="small"
              variant="minimal"
              icon="trash"
              text={`Remove ${titleOf(here.method)}`}
              onClick={() => onChange(removeStep(draft, here.key))}
            />
          </>
        )}
      </div>
    </div>
  );
}
