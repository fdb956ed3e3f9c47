import { LatheError } from "../base/error.ts";
import { openEngine as openQueue, type Engine as Queue, type JobRequest } from "../app/jobs.ts";
import { jobFolder, readLog } from "../app/jobFolder.ts";
import type { Project } from "../app/project.ts";
import type { JobEvent, JobLogEntry, JobState, JobView as QueuedJob } from "../contract/jobs.ts";
import type { ChainAsked, EngineEvent, JobView, JobWished, RunAsked } from "../contract/run.ts";
import type { Channel } from "./channel.ts";
import type { OpenProjects } from "./openProjects.ts";

export interface JobName {
  readonly project: string;
  readonly job: string;
}

/** The queues of the open projects. Their work goes on whether or not a page looks on. */
export interface Jobs {
  list(project: string): Promise<readonly JobView[]>;
  run(
    project: string,
    asked: JobWished & { readonly run: RunAsked },
    signal: AbortSignal | undefined,
  ): Promise<JobView>;
  runChain(
    project: string,
    asked: JobWished & { readonly chain: ChainAsked },
    signal: AbortSignal | undefined,
  ): Promise<JobView>;
  setPriority(name: JobName, priority: number): Promise<JobView>;
  archive(name: JobName, isArchived: boolean): Promise<JobView>;
  measure(project: string, variants: readonly string[]): Promise<JobView>;
  log(name: JobName): Promise<readonly JobLogEntry[]>;
  change(name: JobName, what: "pause" | "resume" | "cancel"): Promise<JobView>;
  /** Jobs of all open projects that run, or wait for their turn. */
  busy(): Promise<number>;
  /** Removes its log and checkpoints; what it made stays. */
  remove(name: JobName): Promise<void>;
  /** Has a project's jobs stop at a checkpoint; they go on when it is opened again and they are resumed. */
  closeQueue(project: string): Promise<void>;
  close(): Promise<void>;
}

export interface JobParts {
  readonly projects: OpenProjects;
  readonly events: Channel<EngineEvent>;
}

const PAUSABLE: readonly JobState[] = ["queued", "running"];
const RESUMABLE: readonly JobState[] = ["paused", "interrupted", "cancelled", "failed"];
const WORKED_ON: readonly JobState[] = ["queued", "running", "cancelling"];
const CANCELLABLE: readonly JobState[] = ["queued", "running", "paused", "interrupted"];

export function startJobs({ projects, events }: JobParts): Jobs {
  const queues = new Map<string, Promise<OpenQueue>>();

  /** Undefined where the project can only be read: whoever writes it has the queue. */
  const queueOf = async (id: string): Promise<Queue | undefined> => {
    const project = await projects.get(id);
    if (!project.store.canWrite) return undefined;
    let opening = queues.get(id);
    if (opening === undefined) {
      opening = follow(project, id, events);
      queues.set(id, opening);
      opening.catch(() => queues.delete(id));
    }
    return (await opening).queue;
  };
  const writable = async (id: string): Promise<Queue> => {
    const queue = await queueOf(id);
    if (queue !== undefined) return queue;
    (await projects.get(id)).store.checkWritable();
    throw new LatheError("internal", `Project "${id}" can be written and has no queue.`);
  };
  const submit = async (id: string, request: JobRequest, signal = new AbortController().signal): Promise<JobView> => {
    const queue = await writable(id);
    return viewOf(id, await queue.submit(request, { signal, emit: () => undefined }), true);
  };
  const closeQueue = async (id: string): Promise<void> => {
    const opened = queues.get(id);
    queues.delete(id);
    await opened?.then((o) => o.close()).catch(() => undefined);
  };

  return {
    list: async (id) => {
      const queue = await queueOf(id);
      if (queue !== undefined) return queue.list().map((job) => viewOf(id, job, true));
      return (await projects.get(id)).store.jobs.list().map((job) => viewOf(id, job, false));
    },
    run: (id, { run: asked, ...wish }, signal) => {
      const { method, params, seed, threads, provider, from, data, name, measure } = asked;
      const run = { method, params, seed, threads, ...(provider && { provider }) };
      return submit(id, { run, from, data, name, measure, ...wish }, signal);
    },
    runChain: (id, { chain, ...wish }, signal) => submit(id, { ...chain, ...wish }, signal),
    archive: async ({ project: id, job }, isArchived) => {
      const view = viewOf(id, (await writable(id)).archive(job, isArchived), true);
      events.send({ kind: "job", view });
      return view;
    },
    setPriority: async ({ project: id, job }, priority) => {
      const view = viewOf(id, (await writable(id)).setPriority(job, priority), true);
      events.send({ kind: "job", view });
      return view;
    },
    measure: (id, variants) => submit(id, { measure: variants }),
    log: async ({ project: id, job }) => {
      const queue = await queueOf(id);
      if (queue !== undefined) return queue.log(job);
      return readLog(jobFolder((await projects.get(id)).store.folder, job), 0);
    },
    change: async ({ project: id, job }, what) => viewOf(id, (await writable(id))[what](job), true),
    remove: async ({ project: id, job }) => (await writable(id)).remove(job),
    busy: async () => {
      const opened = await Promise.all([...queues.values()].map((queue) => queue.catch(() => undefined)));
      const isBusy = ({ state }: QueuedJob): boolean => WORKED_ON.includes(state);
      return opened.reduce((sum, one) => sum + (one?.queue.list().filter(isBusy).length ?? 0), 0);
    },
    closeQueue,
    close: async () => {
      await Promise.all([...queues.keys()].map(closeQueue));
    },
  };
}

function viewOf(project: string, { progress, asked, ...job }: QueuedJob, canWrite: boolean): JobView {
  const can = (states: readonly JobState[]): boolean => canWrite && asked === undefined && states.includes(job.state);
  return {
    project,
    job,
    ...(progress && { progress }),
    made: job.made.flat(),
    ...(asked && { asked }),
    can: { pause: can(PAUSABLE), resume: can(RESUMABLE), cancel: can(CANCELLABLE) },
  };
}

interface OpenQueue {
  readonly queue: Queue;
  close(): Promise<void>;
}

/** Milliseconds between two notices of how far the same job is. */
const PACE = 250;

/** Opens the queue of a project and tells pages what happens in it. */
async function follow(project: Project, id: string, events: Channel<EngineEvent>): Promise<OpenQueue> {
  const queue = await openQueue(project);
  const control = new AbortController();
  const due = new Map<string, ReturnType<typeof setTimeout>>();
  const tell = (job: string): void => {
    due.delete(job);
    const found = queue.list().find((j) => j.id === job);
    if (found !== undefined) events.send({ kind: "job", view: viewOf(id, found, true) });
  };
  const take = ({ job, at, event }: JobEvent): void => {
    if (event.kind !== "progress" && event.kind !== "usage")
      events.send({ kind: "log", project: id, job, entries: [{ at, event }] });
    if (event.kind === "state") {
      clearTimeout(due.get(job));
      tell(job);
    } else if (!due.has(job)) due.set(job, setTimeout(tell, PACE, job).unref());
    if (event.kind === "variant" || event.kind === "measured" || event.kind === "state")
      events.send({ kind: "project", project: id });
  };
  void (async () => {
    for await (const event of queue.events(control.signal)) take(event);
  })();
  return {
    queue,
    close: async () => {
      await queue.close();
      control.abort();
      for (const timer of due.values()) clearTimeout(timer);
    },
  };
}
