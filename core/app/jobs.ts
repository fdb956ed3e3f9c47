import { existsSync, renameSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { LatheError, toLatheError } from "../base/error.ts";
import { canonicalJson, type Json } from "../base/json.ts";
import type { Job, JobEvent, JobHappening, JobLogEntry, JobPlan, JobState, JobView } from "../contract/jobs.ts";
import { startBroadcast } from "./broadcast.ts";
import { freeBytes } from "./disk.ts";
import { startAttempt, type Attempt, type Ending } from "./jobAttempt.ts";
import { jobFolder, jobsFolder, readLog, writeRecord } from "./jobFolder.ts";
import { ingest, recover, REMOVED, WORKING } from "./jobIngest.ts";
import { forkJob } from "./jobLaunch.ts";
import type { LaunchJob } from "./jobMessages.ts";
import { planJob, type JobRequest, type PlannedJob } from "./jobPlan.ts";
import { nextToStart, whyNoRoom, whyPause, type MachineLimits } from "./jobSchedule.ts";
import { takeWish } from "./jobWishes.ts";
import { openLines } from "./lines.ts";
import type { Project, Work } from "./project.ts";

export type { JobRequest } from "./jobPlan.ts";

export interface EngineOptions {
  /** Which jobs to start: all that are queued, those submitted or resumed through this engine, or none. Default "all". */
  readonly takes?: "all" | "own" | "none";
  /** Default: all cores, and the memory that is free when the engine opens. */
  readonly limits?: MachineLimits;
  /** How a job's process is started; default: as a child of this one. */
  readonly launch?: LaunchJob;
  /** Bytes that may still be written under a folder; undefined where the system does not say. */
  readonly free?: (folder: string) => Promise<number | undefined>;
  /** Milliseconds between looks at the disk; default 5000. */
  readonly diskEvery?: number;
  /** Milliseconds that a process has to stop by itself once it is cancelled; default 10,000. */
  readonly grace?: number;
  /** A folder with further methods, for the jobs' processes; they have to be in this process's catalogue already. */
  readonly methods?: string;
}

export interface SubmitOptions extends Work {
  /** Takes up an unfinished job of the same recipe instead of a new one, where there is one. Default: no. */
  readonly continues?: boolean;
}

/** The queue of a project's jobs. It owns the project's records while it is open. */
export interface Engine {
  list(): readonly JobView[];
  /** @throws not-found */
  find(id: string): JobView;
  /** Queues work; what can be checked before it starts is checked now. @throws as `runMethod` before it starts */
  submit(request: JobRequest, options: SubmitOptions): Promise<JobView>;
  /** Has it stop at a checkpoint. @throws not-found, invalid-argument in a state that has nothing to pause */
  pause(id: string): JobView;
  /** Queues it again; it goes on from its checkpoint. @throws not-found, invalid-argument */
  resume(id: string): JobView;
  /** Is cancelling at once, and cancelled within ten seconds. @throws not-found, invalid-argument */
  cancel(id: string): JobView;
  /** Removes its log and checkpoints; variants and trials stay. @throws not-found, invalid-argument while it runs */
  remove(id: string): Promise<void>;
  setPriority(id: string, priority: number): JobView;
  /** Puts a job out of sight, or back. @throws not-found, invalid-argument while it waits or runs */
  archive(id: string, isArchived: boolean): JobView;
  /** What has happened to a job, from the given entry on. @throws not-found */
  log(id: string, from?: number): readonly JobLogEntry[];
  /** What happens from now on, until the signal. */
  events(signal: AbortSignal): AsyncIterable<JobEvent>;
  /** Resolves once the job neither waits for its turn nor runs. @throws not-found */
  settled(id: string): Promise<JobView>;
  /** Resolves once nothing runs and nothing can be started. */
  idle(): Promise<void>;
  /**
   * Has running jobs stop at a checkpoint and puts them back into the queue; ends those that do not stop within the
   * grace. Starts no more.
   */
  close(): Promise<void>;
}

/** Milliseconds between looks for what other processes wish. */
const WISH_PACE = 500;

/** States from which a job can be queued again. */
const RESUMABLE: readonly JobState[] = ["paused", "interrupted", "cancelled", "failed"];

/**
 * Opens the queue of a project that is open for writing: records what dead processes have finished, marks what they have
 * not as interrupted, and starts what is queued.
 */
export async function openEngine(project: Project, options: EngineOptions = {}): Promise<Engine> {
  await recover(project);
  const { store, host } = project;
  const { takes = "all", launch = forkJob, free = freeBytes, diskEvery = 5000, grace = 10_000, methods } = options;
  const limits = options.limits ?? { cores: availableParallelism(), memory: process.availableMemory() };
  const running = new Map<string, Attempt>();
  const own = new Set<string>();
  const events = startBroadcast<JobEvent>(mergeProgress);
  const waiting = new Set<() => void>();
  let isClosed = false;
  let pumping: Promise<void> = Promise.resolve();

  const view = (job: Job): JobView => {
    const active = running.get(job.id);
    if (active === undefined) return job;
    const { progress, asked } = active;
    return {
      ...job,
      seconds: job.seconds + active.seconds,
      progress,
      ...(asked !== undefined && asked !== "leave" && { asked }),
    };
  };
  const get = (id: string): Job => {
    const found = store.jobs.find(id);
    if (found !== undefined) return found;
    throw new LatheError("not-found", `There is no job "${id}" in this project.`, { hint: '"lathe jobs" lists them.' });
  };
  /** Tells listeners and, where no process writes to it, the job's event log. */
  const note = (id: string, event: JobHappening): void => {
    const at = host.clock.now();
    events.send({ job: id, at, event });
    if (running.has(id)) return;
    try {
      const lines = openLines(jobFolder(store.folder, id).events);
      lines.append({ at, event });
      lines.close();
    } catch (thrown) {
      host.log.write("warning", toLatheError(thrown).message);
    }
  };
  const change = (job: Job, state: JobState, { reason, failure }: Pick<Job, "reason" | "failure"> = {}): Job => {
    const { reason: _, failure: __, ...rest } = job;
    const changed: Job = {
      ...rest,
      state,
      ...(reason !== undefined && { reason }),
      ...(failure !== undefined && { failure }),
    };
    store.jobs.save(changed);
    note(job.id, { kind: "state", state, ...(reason !== undefined && { reason }) });
    return changed;
  };
  const complain = (thrown: unknown): void => host.log.write("warning", toLatheError(thrown).message);
  const wake = (): void => {
    for (const check of [...waiting]) check();
  };

  const start = async ({ id }: Job): Promise<void> => {
    const room = await free(store.folder);
    const job = store.jobs.find(id);
    // While the disk was looked at, somebody may have thought better of it.
    if (job?.state !== "queued") return;
    const noRoom = whyNoRoom(job, room);
    if (noRoom !== undefined) {
      change(job, "paused", { reason: noRoom });
      return;
    }
    const { endedAt: _, startedAt = host.clock.now(), ...rest } = ingest(project, job);
    const begun = change({ ...rest, startedAt, attempts: rest.attempts + 1 }, "running");
    const tell = (event: JobHappening, at = host.clock.now()): void => events.send({ job: id, at, event });
    running.set(id, startAttempt(project, begun, { launch, methods, tell, onEnd: end }));
  };
  const end = ({ job, state, reason, failure }: Ending): void => {
    running.delete(job.id);
    try {
      if (failure !== undefined) note(job.id, { kind: "failure", ...failure });
      change(job, state, { reason, failure });
      const { work } = jobFolder(store.folder, job.id);
      if (state === "done") void rm(work, { recursive: true, force: true }).catch(complain);
    } catch (thrown) {
      host.log.write("error", toLatheError(thrown).message);
    }
    pump();
  };

  const isTaken = (id: string): boolean => takes === "all" || (takes === "own" && own.has(id));
  const queued = (): readonly Job[] => store.jobs.list(["queued"]).filter((j) => isTaken(j.id));
  /** Starts what can be started, one after another. */
  const pump = (): void => {
    pumping = pumping.then(async () => {
      while (!isClosed) {
        const active = store.jobs.list(WORKING).filter((j) => running.has(j.id));
        const next = nextToStart(queued(), active, limits);
        if (next === undefined) break;
        await start(next);
      }
    });
    pumping = pumping.catch(complain).then(wake);
  };
  const watchDisk = async (): Promise<void> => {
    if (running.size === 0) return;
    const reason = whyPause(await free(store.folder));
    if (reason === undefined) return;
    for (const [id, active] of running) {
      if (active.asked !== undefined) continue;
      active.stop("pause", reason);
      events.send({ job: id, at: host.clock.now(), event: { kind: "message", level: "warning", text: reason } });
    }
  };
  const hearWishes = async (): Promise<void> => {
    for (const { id, state } of store.jobs.list(["queued", "running"])) {
      const wish = takeWish(store.folder, id);
      if (wish === "cancel") engine.cancel(id);
      else if (wish === "pause" && (state === "queued" || running.has(id))) engine.pause(id);
    }
  };
  const timers = [
    setInterval(() => void watchDisk().catch(complain), diskEvery).unref(),
    setInterval(() => void hearWishes().catch(complain), WISH_PACE).unref(),
  ];

  const queue = (job: Job): JobView => {
    own.add(job.id);
    const { endedAt: _, ...rest } = job;
    const changed = change(rest, "queued");
    pump();
    return view(changed);
  };
  const add = async (planned: PlannedJob, priority: number): Promise<JobView> => {
    const { title, plan, estimate } = planned;
    const id = await makeJobFolder(project);
    await writeRecord(jobFolder(store.folder, id).request, plan, host);
    const at = host.clock.now();
    const base = { id, title, priority, plan, made: [], isMeasured: false, at, seconds: 0, attempts: 0 };
    return queue({ ...base, state: "queued", ...(estimate && { estimate }) });
  };

  const engine: Engine = {
    list: () => store.jobs.list().map(view),
    find: (id) => view(get(id)),
    submit: async (request, { continues = false, ...work }) => {
      store.checkWritable();
      const planned = await planJob(project, request, work);
      const { priority = 0 } = request;
      const same = continues ? store.jobs.list(RESUMABLE).findLast((j) => isSame(j, planned.plan)) : undefined;
      if (same === undefined) return add(planned, priority);
      await writeRecord(jobFolder(store.folder, same.id).request, planned.plan, host);
      return queue({ ...same, ...planned, priority });
    },
    pause: (id) => {
      const job = get(id);
      const active = running.get(id);
      if (active !== undefined && job.state === "running") active.stop("pause");
      else if (job.state === "queued") return view(change(job, "paused"));
      else throw cannot("paused", job);
      return view(job);
    },
    resume: (id) => {
      const job = get(id);
      if (!RESUMABLE.includes(job.state)) throw cannot("resumed", job);
      return queue(job);
    },
    cancel: (id) => {
      const job = get(id);
      const active = running.get(id);
      if (active === undefined) {
        if (job.state === "queued" || job.state === "paused" || job.state === "interrupted") {
          return view(change({ ...job, endedAt: host.clock.now() }, "cancelled"));
        }
        throw cannot("cancelled", job);
      }
      if (job.state === "cancelling") return view(job);
      const changed = change(job, "cancelling");
      active.stop("cancel");
      active.killAfter(grace);
      return view(changed);
    },
    remove: async (id) => {
      const job = get(id);
      if (WORKING.includes(job.state)) throw cannot("removed", job);
      const { path } = jobFolder(store.folder, id);
      // Under another name it is gone at once, and its removal is finished later if this ends in the middle.
      if (existsSync(path)) renameSync(path, `${path}${REMOVED}`);
      store.jobs.remove(id);
      await rm(`${path}${REMOVED}`, { recursive: true, force: true });
    },
    archive: (id, isArchived) => {
      const { archivedAt: _, ...job } = get(id);
      if (isArchived && (job.state === "queued" || WORKING.includes(job.state))) throw cannot("archived", job);
      const changed: Job = { ...job, ...(isArchived && { archivedAt: host.clock.now() }) };
      store.jobs.save(changed);
      return view(changed);
    },
    setPriority: (id, priority) => {
      const changed: Job = { ...get(id), priority };
      store.jobs.save(changed);
      pump();
      return view(changed);
    },
    log: (id, from = 0) => readLog(jobFolder(store.folder, get(id).id), from),
    events: (signal) => events.listen(signal),
    settled: async (id) => {
      await until(() => {
        const { state } = get(id);
        return !running.has(id) && (state !== "queued" || isClosed || !isTaken(id));
      });
      return view(get(id));
    },
    idle: () => until(() => running.size === 0 && (isClosed || queued().length === 0)),
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      timers.forEach(clearInterval);
      await pumping;
      for (const active of running.values()) {
        active.stop("leave", "Lathe was closed while it ran.");
        active.killAfter(grace);
      }
      await until(() => running.size === 0);
      events.close();
    },
  };
  const until = (isSo: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        try {
          if (!isSo()) return;
          waiting.delete(check);
          resolve();
        } catch (thrown) {
          waiting.delete(check);
          reject(toLatheError(thrown));
        }
      };
      waiting.add(check);
      check();
    });
  pump();
  return Object.freeze(engine);
}

/** Only the latest of two figures about how far one job is. */
function mergeProgress(older: JobEvent, newer: JobEvent): JobEvent | undefined {
  const isStale = older.job === newer.job && older.event.kind === "progress" && newer.event.kind === "progress";
  return isStale ? newer : undefined;
}

/** Whether an unfinished job comes to the same models as a plan; names do not matter as long as nothing has one. */
function isSame({ plan, made }: Job, wished: JobPlan): boolean {
  const isBegun = made.length > 0;
  return workOf(plan, isBegun) === workOf(wished, isBegun);
}

function workOf({ from, data, fingerprint, steps, measure, tryout }: JobPlan, isNamed: boolean): string {
  const plain = steps.map(({ name, measure: _, ...step }) => ({ ...step, ...(isNamed && { name }) }));
  return canonicalJson({ from, data, fingerprint, steps: plain, measure, tryout } as unknown as Json);
}

/** Makes the folder of the next of j1, j2 …, past every one that has left something. */
async function makeJobFolder({ store }: Project): Promise<string> {
  const used = [...store.jobs.list().map((j) => j.id), ...store.trials.jobs()];
  try {
    await mkdir(jobsFolder(store.folder), { recursive: true });
    for (let n = 1 + Math.max(0, ...used.map((id) => Number(id.slice(1)) || 0)); ; n++) {
      const isMade = await mkdir(jobFolder(store.folder, `j${n}`).path).then(
        () => true,
        (thrown: unknown) => {
          if (toLatheError(thrown).code === "already-exists") return false;
          throw thrown;
        },
      );
      if (isMade) return `j${n}`;
    }
  } catch (thrown) {
    throw toLatheError(thrown, `Making the folder of a job in "${store.folder}"`);
  }
}

function cannot(what: string, { id, state }: Job): LatheError {
  return new LatheError("invalid-argument", `Job "${id}" cannot be ${what}: it is "${state}".`, {
    hint: '"lathe jobs" shows the state of each.',
  });
}
