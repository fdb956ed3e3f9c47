import { Button, ProgressBar } from "@blueprintjs/core";
import type { ReactElement } from "react";
import type { WorkState } from "./useWork.ts";
import { Refusal } from "../kit/states.tsx";

export interface WorkBarProps {
  readonly state: WorkState;
  readonly what: string;
  readonly onCancel: () => void;
}

/** Progress of work that a person waits for, or why it failed. */
export function WorkBar({ state, what, onCancel }: WorkBarProps): ReactElement | null {
  const { isRunning, stage, share, failure } = state;
  if (failure !== undefined) {
    return <Refusal failure={failure} />;
  }
  if (!isRunning) return null;
  return (
    <div className="workbar">
      <div className="workbar-text">
        <span role="status">{stage === "" ? what : stage}</span>
        <ProgressBar {...(share !== undefined && { value: share })} intent="primary" aria-label={what} />
      </div>
      <Button text="Cancel" onClick={onCancel} />
    </div>
  );
}
