import type { MethodInfo } from "../../../core/contract/method.ts";
import type { Overview } from "../../../core/contract/views.ts";
import type { Draft } from "./draft.ts";

export interface StepProps {
  readonly project: string;
  readonly overview: Overview;
  readonly methods: readonly MethodInfo[];
  readonly method: MethodInfo | undefined;
  readonly draft: Draft;
  readonly onChange: (change: Partial<Draft>) => void;
  /** Goes to the next step, from a choice that settles this one. */
  readonly onNext: () => void;
}
