import type { JobHappening, JobLogEntry, JobProgress } from "../contract/jobs.ts";

/** How the work of a job stands, gathered from what happens to it. */
export interface ProgressFold {
  /** @param at milliseconds of any clock that runs on */
  take(event: JobHappening, at: number): void;
  readonly now: JobProgress;
}

/** Share of the work after which its duration can be told. */
const ENOUGH = 0.05;

/** Follows one attempt of a job's process. The time left counts the present stage only. */
export function foldProgress(steps: number): ProgressFold {
  let now: JobProgress = { stage: "", done: 0, total: 0, unit: "", step: 1, steps: Math.max(1, steps), metrics: {} };
  /** The stage that those within it are parts of. */
  let main = "";
  /** Where the present measure of the work began. */
  let since: { readonly at: number; readonly done: number } | undefined;
  return {
    get now() {
      return now;
    },
    take: (event, at) => {
      switch (event.kind) {
        case "step":
          now = { ...now, step: event.step, steps: Math.max(1, event.steps) };
          return;
        case "stage":
          if (event.within === undefined) main = event.name;
          now = { ...now, stage: event.within && main !== "" ? `${main} · ${event.name}` : event.name };
          return;
        case "usage": {
          const { kind: _, ...usage } = event;
          now = { ...now, usage };
          return;
        }
        case "metric":
          now = { ...now, metrics: { ...now.metrics, [event.name]: event.value }, ...bestOf(now.best, event) };
          return;
        case "progress": {
          const { done, total, unit } = event;
          // Stages may come and go within one piece of work, as epochs do.
          const goesOn = now.total === total && now.unit === unit && done >= now.done;
          if (since === undefined || !goesOn) since = { at, done };
          const { secondsLeft: _, ...rest } = now;
          const left = secondsLeft(event, since, at);
          now = { ...rest, done, total, unit, ...(left !== undefined && { secondsLeft: left }) };
          return;
        }
        default:
          return;
      }
    },
  };
}

/** Accuracy is what a training is for; its loss stands in where no samples were set aside to look. */
function bestOf(
  best: JobProgress["best"],
  { name, value }: { readonly name: string; readonly value: number },
): Pick<JobProgress, "best"> {
  const isBetter =
    name === "accuracy"
      ? best?.name !== name || value > best.value
      : /\bloss$/.test(name) && best?.name !== "accuracy" && (best === undefined || value < best.value);
  return isBetter ? { best: { name, value } } : {};
}

function secondsLeft(
  { done, total }: { readonly done: number; readonly total: number },
  since: { readonly at: number; readonly done: number },
  at: number,
): number | undefined {
  const worked = done - since.done;
  if (total <= 0 || worked <= 0 || worked / total < ENOUGH) return undefined;
  return ((total - done) * (at - since.at)) / worked / 1000;
}

/** How a job stands that another process works on, as far as its event log tells. */
export function progressOfLog(entries: readonly JobLogEntry[], steps: number): JobProgress {
  const start = entries.findLastIndex(({ event }) => event.kind === "state" && event.state === "running");
  const fold = foldProgress(steps);
  for (const { at, event } of entries.slice(Math.max(0, start))) fold.take(event, Date.parse(at));
  return fold.now;
}
