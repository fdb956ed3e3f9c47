import { LatheError, toLatheError } from "../base/error.ts";
import type { Host } from "../base/host.ts";
import type { Job, JobHappening, JobLogEntry, JobProgress } from "../contract/jobs.ts";
import type { EngineEvent, JobView, RunAsked } from "../contract/run.ts";
import { measureVariants } from "../app/measureVariants.ts";
import { findData, findVariant, type Project, type Work } from "../app/project.ts";
import { completeRecipe, estimateRun, runMethod } from "../app/runMethod.ts";
import type { Channel } from "./channel.ts";
import type { OpenProjects } from "./openProjects.ts";

export interface JobName {
  readonly project: string;
  readonly job: string;
}

/** Work that goes on whether or not a page looks on. One job runs at a time, since each uses the whole machine. */
export interface Jobs {
  list(project: string): Promise<readonly JobView[]>;
  run(project: string, asked: RunAsked): Promise<JobView>;
  log(name: JobName): Promise<readonly JobLogEntry[]>;
  change(name: JobName, what: "pause" | "resume" | "cancel"): Promise<JobView>;
  close(): Promise<void>;
}

export interface JobParts {
  readonly projects: OpenProjects;
  readonly events: Channel<EngineEvent>;
  readonly host: Host;
}

interface Running {
  readonly project: string;
  job: Job;
  progress: JobProgress | undefined;
  readonly log: JobLogEntry[];
  readonly control: AbortController;
  readonly asked: RunAsked;
}

/** Milliseconds between two notices of the same job's progress. */
const PACE = 250;

const START: JobProgress = { stage: "", done: 0, total: 0, unit: "", step: 1, steps: 1, metrics: {} };

export function startJobs({ projects, events, host }: JobParts): Jobs {
  const all: Running[] = [];
  let current: Promise<void> | undefined;

  const view = ({ project, job, progress }: Running): JobView => ({
    project,
    job,
    ...(progress && { progress }),
    can: { pause: false, resume: false, cancel: job.state === "queued" || job.state === "running" },
  });
  const find = ({ project, job }: JobName): Running => {
    const found = all.find((r) => r.project === project && r.job.id === job);
    if (found !== undefined) return found;
    throw new LatheError("not-found", `There is no job "${job}".`, { hint: "Look at the list of jobs." });
  };
  const tell = (running: Running): void => events.send({ kind: "job", view: view(running) });
  const say = (running: Running, event: JobHappening): void => {
    const entry = { at: host.clock.now(), event };
    running.log.push(entry);
    events.send({ kind: "log", project: running.project, job: running.job.id, entries: [entry] });
  };
  const change = (running: Running, changes: Partial<Job>): void => {
    running.job = { ...running.job, ...changes };
    if (changes.state !== undefined) say(running, { kind: "state", state: changes.state });
    tell(running);
  };
  const listen = (running: Running): Work["emit"] => {
    let shown = 0;
    return (event) => {
      const before = running.progress ?? START;
      if (event.kind !== "progress") say(running, event);
      if (event.kind === "stage") running.progress = { ...START, metrics: before.metrics, stage: event.name };
      else if (event.kind === "metric")
        running.progress = { ...before, metrics: { ...before.metrics, [event.name]: event.value } };
      else if (event.kind === "progress") {
        const { done, total, unit } = event;
        running.progress = { ...before, done, total, unit };
        const now = host.clock.milliseconds();
        if (now - shown < PACE && done < total) return;
        shown = now;
      }
      tell(running);
    };
  };
  const work = async (project: Project, running: Running): Promise<void> => {
    const { recipe } = await completeRecipe(running.asked);
    const { from, name, data, measure } = running.asked;
    const options = { signal: running.control.signal, emit: listen(running) };
    const made = await runMethod(project, { recipe }, { ...options, from, name, data });
    say(running, { kind: "variant", variant: made.id, name: made.name });
    change(running, { results: [{ variants: [made.id], isMeasured: false }] });
    events.send({ kind: "project", project: running.project });
    if (!measure) return;
    await measureVariants(project, [made], { ...options, data });
    change(running, { results: [{ variants: [made.id], isMeasured: true }] });
  };
  const perform = async (running: Running): Promise<void> => {
    const started = host.clock.milliseconds();
    change(running, { state: "running", startedAt: host.clock.now(), attempts: 1 });
    const end = (): Partial<Job> => ({
      endedAt: host.clock.now(),
      seconds: (host.clock.milliseconds() - started) / 1000,
    });
    try {
      await work(await projects.get(running.project), running);
      change(running, { state: "done", ...end() });
    } catch (thrown) {
      const { code, message, hint } = toLatheError(thrown);
      if (running.control.signal.aborted || code === "cancelled") change(running, { state: "cancelled", ...end() });
      else {
        const failure = { code, message, ...(hint !== undefined && { hint }) };
        say(running, { kind: "failure", ...failure });
        change(running, { state: "failed", failure, ...end() });
      }
    }
    events.send({ kind: "project", project: running.project });
  };
  const pump = (): void => {
    const next = current === undefined ? all.find((r) => r.job.state === "queued") : undefined;
    if (next === undefined) return;
    current = perform(next).finally(() => {
      current = undefined;
      pump();
    });
  };

  return {
    list: async (project) => all.filter((r) => r.project === project).map(view),
    run: async (id, asked) => {
      const project = await projects.get(id);
      project.store.checkWritable();
      const { recipe, estimate } = await estimateRun(project, asked, asked.from);
      const { method } = await completeRecipe(asked);
      const from = findVariant(project, asked.from);
      const data = findData(project, asked.data);
      const { params, version, seed, threads, provider } = recipe;
      const running: Running = {
        project: id,
        job: {
          id: `j${all.length + 1}`,
          title: `${method.info.title} of ${from.name}`,
          state: "queued",
          priority: 0,
          plan: {
            from: { variant: from.id, sha256: from.model.sha256 },
            ...(data && { data: data.id }),
            steps: [
              {
                method: method.info.id,
                version,
                params,
                seed,
                threads,
                ...(provider && { provider }),
                ...(asked.name !== undefined && { name: asked.name }),
                measure: asked.measure,
              },
            ],
          },
          results: [],
          estimate,
          at: host.clock.now(),
          seconds: 0,
          attempts: 0,
        },
        progress: undefined,
        log: [],
        control: new AbortController(),
        asked,
      };
      all.push(running);
      tell(running);
      pump();
      return view(running);
    },
    log: async (name) => find(name).log,
    change: async (name, what) => {
      const running = find(name);
      if (what !== "cancel") {
        throw new LatheError("unsupported", `Job "${name.job}" cannot be ${what}d.`, {
          hint: "Cancel it and run it again.",
        });
      }
      if (running.job.state === "queued") change(running, { state: "cancelled", endedAt: host.clock.now() });
      else if (running.job.state === "running") {
        change(running, { state: "cancelling" });
        running.control.abort(new LatheError("cancelled", "Cancelled."));
      }
      return view(running);
    },
    close: async () => {
      for (const running of all) {
        if (running.job.state === "queued") running.job = { ...running.job, state: "cancelled" };
        running.control.abort(new LatheError("cancelled", "Cancelled."));
      }
      await current;
    },
  };
}
