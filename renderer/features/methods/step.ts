import type { MethodInfo } from "../../../core/contract/method.ts";
import type { LayerName } from "../../../core/contract/run.ts";
import type { Overview } from "../../../core/contract/views.ts";
import type { Draft } from "./draft.ts";

export interface StepProps {
  readonly project: string;
  readonly overview: Overview;
  readonly methods: readonly MethodInfo[];
  /** Of the step of the chain that is looked at. */
  readonly method: MethodInfo | undefined;
  readonly draft: Draft;
  /** Layers of the variant to start from. */
  readonly layers: readonly LayerName[] | undefined;
  readonly onChange: (change: Draft) => void;
}
