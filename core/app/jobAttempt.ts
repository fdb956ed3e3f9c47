import { toLatheError } from "../base/error.ts";
import type { Job, JobFailure, JobHappening, JobProgress, JobState } from "../contract/jobs.ts";
import { ingest, isComplete } from "./jobIngest.ts";
import type { FromJob, LaunchJob } from "./jobMessages.ts";
import { foldProgress } from "./jobProgress.ts";
import type { Project } from "./project.ts";

/** Milliseconds between two takings of trials into the records, since every change of them waits for the disk. */
const TRIAL_PACE = 100;

/** `leave`: stop, and stay in the queue. */
export type Asked = "pause" | "cancel" | "leave";

/** One process that works on a job, from its start to its end. */
export interface Attempt {
  readonly progress: JobProgress;
  /** How long it has run so far. */
  readonly seconds: number;
  /** What the process has been asked for. */
  readonly asked: Asked | undefined;
  /** Asks it to stop at a checkpoint. One that is being cancelled is not paused any more. */
  stop(asked: Asked, reason?: string): void;
  /** Ends the process if it is still there after so many milliseconds. */
  killAfter(milliseconds: number): void;
}

/** How an attempt ended; the job has all that it has finished. */
export interface Ending {
  readonly job: Job;
  readonly state: JobState;
  readonly reason?: string | undefined;
  readonly failure?: JobFailure | undefined;
}

export interface AttemptOptions {
  readonly launch: LaunchJob;
  /** A folder with further methods. */
  readonly methods: string | undefined;
  readonly tell: (event: JobHappening, at?: string) => void;
  readonly onEnd: (ending: Ending) => void;
}

/** Starts a process on a job that is `running` in the records, and records what it finishes as it comes. */
export function startAttempt(project: Project, job: Job, { launch, methods, tell, onEnd }: AttemptOptions): Attempt {
  const { store, host } = project;
  const since = host.clock.milliseconds();
  const fold = foldProgress(job.plan.steps.length);
  const latest = (): Job => store.jobs.find(job.id) ?? job;
  let asked: Asked | undefined;
  let reason: string | undefined;
  let failure: JobFailure | undefined;
  let killing: NodeJS.Timeout | undefined;
  let trials: Extract<FromJob, { kind: "trials" }>[] = [];
  let trialTimer: NodeJS.Timeout | undefined;

  /** What is finished is on disk and comes in later; the process must not run on into a project that cannot take it. */
  const orPause = (work: () => void): void => {
    try {
      work();
    } catch (thrown) {
      attempt.stop("pause", toLatheError(thrown).message);
    }
  };
  const keepTrials = (): void => {
    clearTimeout(trialTimer);
    trialTimer = undefined;
    const held = trials;
    trials = [];
    if (held.length === 0) return;
    store.together(() => {
      for (const { origin, trials: some, first } of held) store.trials.add({ job: job.id, ...origin }, some, first);
    });
    tell({ kind: "trials", count: held.reduce((sum, h) => sum + h.trials.length, 0) });
  };
  const hear = (message: FromJob): void => {
    switch (message.kind) {
      case "event":
        fold.take(message.event, host.clock.milliseconds());
        tell(message.event, message.at);
        return;
      case "trials":
        trials.push(message);
        trialTimer ??= setTimeout(() => orPause(keepTrials), TRIAL_PACE);
        return;
      case "output": {
        const made = ingest(project, latest()).made[message.step - 1] ?? [];
        const variants = store.variants().filter((v) => made.includes(v.id));
        child.send({ kind: "recorded", variants: variants.map((v) => ({ id: v.id, name: v.name })) });
        return;
      }
      case "tried":
      case "measured":
        ingest(project, latest());
        child.send({ kind: "kept" });
        return;
      case "end":
        if (message.outcome === "failed") ({ failure } = message);
        return;
    }
  };
  const end = (how: string, lastWords: string): void => {
    clearTimeout(killing);
    const seconds = latest().seconds + (host.clock.milliseconds() - since) / 1000;
    let ended: Job = { ...latest(), seconds, endedAt: host.clock.now() };
    orPause(() => {
      keepTrials();
      ended = { ...ingest(project, latest()), seconds, endedAt: ended.endedAt };
    });
    onEnd({ job: ended, ...endingOf(ended, { asked, reason, failure, how, lastWords }) });
  };
  const attempt: Attempt = {
    get progress() {
      return fold.now;
    },
    get seconds() {
      return (host.clock.milliseconds() - since) / 1000;
    },
    get asked() {
      return asked;
    },
    stop: (wish, why) => {
      if (asked !== "cancel") asked = wish;
      reason ??= why;
      child.send({ kind: "stop" });
    },
    killAfter: (milliseconds) => {
      killing ??= setTimeout(() => child.kill(), milliseconds);
    },
  };
  const child = launch({ onMessage: (message) => orPause(() => hear(message)), onExit: end });
  child.send({
    kind: "start",
    project: store.folder,
    job: job.id,
    made: job.made,
    isMeasured: job.isMeasured,
    ...(methods !== undefined && { methods }),
  });
  return attempt;
}

interface Circumstances {
  readonly asked: Asked | undefined;
  readonly reason: string | undefined;
  readonly failure: JobFailure | undefined;
  readonly how: string;
  readonly lastWords: string;
}

function endingOf(job: Job, { asked, reason, failure, how, lastWords }: Circumstances): Omit<Ending, "job"> {
  if (isComplete(job)) return { state: "done" };
  if (asked === "cancel") return { state: "cancelled" };
  if (failure?.code === "disk-full") return { state: "paused", reason: failure.message };
  if (failure !== undefined) return { state: "failed", failure };
  // Whether it stopped by itself or was ended: it goes on from its last checkpoint.
  if (asked === "leave") return { state: "queued", reason };
  if (asked === "pause" && how === "exit code 0") return { state: "paused", reason };
  return {
    state: "interrupted",
    reason: `Its process ended with "${how}"${lastWords === "" ? "." : `: ${lastWords}`}`,
  };
}
