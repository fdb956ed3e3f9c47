import type { JobFailure, JobHappening } from "../contract/jobs.ts";
import type { Trial } from "../contract/trial.ts";
import type { TrialOrigin } from "../contract/trials.ts";

/** What the engine says to the process of a job. */
export type ToJob =
  | {
      readonly kind: "start";
      /** Folder of the project. */
      readonly project: string;
      readonly job: string;
      /** Ids of the variants of the steps that are done. */
      readonly made: readonly (readonly string[])[];
      readonly isMeasured: boolean;
      /** A folder with further methods. */
      readonly methods?: string;
    }
  | { readonly kind: "stop" }
  /** Answers `output`: the variants are in the project. */
  | { readonly kind: "recorded"; readonly variants: readonly { readonly id: string; readonly name: string }[] }
  /** Answers `measured` and `tried`. */
  | { readonly kind: "kept" };

/** What the process of a job says to the engine. */
export type FromJob =
  | { readonly kind: "event"; readonly at: string; readonly event: JobHappening }
  | {
      readonly kind: "trials";
      readonly origin: Omit<TrialOrigin, "job">;
      readonly trials: readonly Trial[];
      readonly first: number;
    }
  /** The output of a step is on disk. */
  | { readonly kind: "output"; readonly step: number }
  /** What a tryout came to is on disk. */
  | { readonly kind: "tried" }
  /** What was measured is on disk. */
  | { readonly kind: "measured" }
  | { readonly kind: "end"; readonly outcome: "done" | "stopped" }
  | { readonly kind: "end"; readonly outcome: "failed"; readonly failure: JobFailure };

/** The job's end of the connection to its engine. */
export interface JobPort {
  send(message: FromJob): void;
  onMessage(listener: (message: ToJob) => void): void;
  /** The engine is gone. */
  onClose(listener: () => void): void;
}

/** The engine's end: a process that does the work of one job. */
export interface JobProcess {
  send(message: ToJob): void;
  /** Ends it at once. */
  kill(): void;
}

export interface JobListener {
  onMessage(message: FromJob): void;
  /** After the last message: how it ended, and the last line that it wrote to standard error. */
  onExit(how: string, lastWords: string): void;
}

/** Starts a process that runs `core/app/jobProcess.ts` or does as it does. */
export type LaunchJob = (listener: JobListener) => JobProcess;
