import { useCallback, useRef, useState } from "react";
import type { ProgressEvent } from "../../core/contract/event.ts";
import type { Failure } from "../../core/contract/failure.ts";
import { failureOf } from "../client/failure.ts";

export interface WorkState {
  readonly isRunning: boolean;
  readonly stage: string;
  /** From 0 to 1; undefined where nobody knows. */
  readonly share: number | undefined;
  readonly failure: Failure | undefined;
}

const IDLE: WorkState = { isRunning: false, stage: "", share: undefined, failure: undefined };

export interface WorkControl<R> {
  readonly state: WorkState;
  /** @returns the result; undefined where it failed or was cancelled */
  start(call: (signal: AbortSignal) => Promise<AsyncIterator<ProgressEvent, R>>): Promise<R | undefined>;
  cancel(): void;
  reset(): void;
}

/** Long work of a procedure that tells what it does, as state to draw. */
export function useWork<R>(): WorkControl<R> {
  const [state, setState] = useState(IDLE);
  const control = useRef<AbortController>(undefined);
  const start = useCallback<WorkControl<R>["start"]>(async (call) => {
    const own = new AbortController();
    control.current = own;
    setState({ ...IDLE, isRunning: true });
    try {
      const stream = await call(own.signal);
      for (;;) {
        const next = await stream.next();
        if (next.done === true) {
          setState(IDLE);
          return next.value;
        }
        const event = next.value;
        if (event.kind === "stage") setState((s) => ({ ...s, stage: event.name, share: undefined }));
        else if (event.kind === "progress" && event.total > 0)
          setState((s) => ({ ...s, share: Math.min(1, event.done / event.total) }));
      }
    } catch (thrown) {
      const failure = failureOf(thrown);
      setState(own.signal.aborted || failure.code === "cancelled" ? IDLE : { ...IDLE, failure });
      return undefined;
    }
  }, []);
  return {
    state,
    start,
    cancel: useCallback(() => control.current?.abort(), []),
    reset: useCallback(() => setState(IDLE), []),
  };
}
