import { createContext } from "react";

/** An input or output that a parameter can name. */
export interface TensorChoice {
  readonly name: string;
  readonly kind: "input" | "output";
  /** "float32[N,3,32,32]" */
  readonly type: string;
}

/** The inputs and outputs of the model that a form is about; undefined where nobody knows yet. */
export const TensorChoices = createContext<readonly TensorChoice[] | undefined>(undefined);
