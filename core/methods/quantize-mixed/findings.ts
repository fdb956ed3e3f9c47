import type { FormatName } from "../../transform/formats.ts";
import type { Scores } from "../scores.ts";

/** What one format does to one layer, the others in float. */
export interface Sensitivity {
  readonly format: FormatName;
  /** What the programme adds up; its unit depends on the kind of sensitivity. */
  readonly harm: number;
  readonly cost: number;
}

export interface LayerChoice {
  readonly node: string;
  readonly op: string;
  readonly macs: number;
  readonly weights: number;
  readonly format: FormatName;
  readonly choices: readonly Sensitivity[];
}

/** One limit of the front. */
export interface FrontPoint {
  readonly limit: number;
  readonly budget: number;
  /** What the programme may spend beyond the budget, because it counts constants of several layers more than once. */
  readonly slack: number;
  /** As the programme adds it up. */
  readonly predicted: number;
  /** As the written model has it. */
  readonly actual: number;
  readonly harm: number;
  /** Output divergence of the written model on the samples of the sensitivities, in nats. */
  readonly kl: number;
  readonly accuracy?: number;
  /** The best of the uniform formats within the same budget, where one is. */
  readonly uniform?: {
    readonly format: FormatName;
    readonly actual: number;
    readonly kl: number;
    readonly accuracy?: number;
  };
}

/** What a run of mixed precision found out. */
export interface Findings {
  readonly unit: "B" | "bit operations" | "ms";
  /** What eight bits everywhere and float cost. */
  readonly eightBits: number;
  readonly float: number;
  readonly limit: number;
  readonly layers: readonly LayerChoice[];
  readonly front: readonly FrontPoint[];
  readonly scores?: Scores;
  /** Median milliseconds of a call of the result beside eight bits everywhere and float, timed in turns. */
  readonly times: { readonly mixed: number; readonly eightBits: number; readonly float: number };
  readonly samples: number;
  /** Relative standard errors of the Hessian's traces, where these were estimated. */
  readonly traceError?: number;
}
