import { useEffect } from "react";
import { createStore } from "../kit/store.ts";
import type { WorkControl, WorkState } from "../parts/useWork.ts";

export interface Working {
  readonly what: string;
  readonly state: WorkState;
  readonly cancel: () => void;
  readonly dismiss: () => void;
}

/** Work that somebody started and that no dialog shows: the shell tells of it. */
export const working = createStore<Working | undefined>(undefined);

/** Shows the work while it goes on, and its failure until that is dismissed. */
export function useTelling<R>(what: string, { state, cancel, reset }: WorkControl<R>): void {
  useEffect(() => {
    if (state.isRunning || state.failure !== undefined) working.set({ what, state, cancel, dismiss: reset });
    else working.set((before) => (before?.what === what ? undefined : before));
  }, [what, state, cancel, reset]);
}
