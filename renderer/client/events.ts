import type { QueryClient } from "@tanstack/react-query";
import type { JobLogEntry } from "../../core/contract/jobs.ts";
import type { EngineClient } from "../../core/contract/procedures.ts";
import type { EngineEvent, JobView } from "../../core/contract/run.ts";
import { createStore, type Store } from "../kit/store.ts";
import type { ConnectionState } from "./link.ts";
import { keys } from "./keys.ts";

/** Jobs of any project that are at work, as far as the engine has told of them since the page was loaded. */
export const workingJobs = createStore<ReadonlySet<string>>(new Set());

/** The job of any project that came to its end last. */
export const endedJob = createStore<JobView | undefined>(undefined);

/** Keeps count of jobs that work, and tells of those that have ended. */
export function countJob(view: JobView): void {
  const key = `${view.project} ${view.job.id}`;
  const { state } = view.job;
  const before = workingJobs.get();
  const isWorking = state === "queued" || state === "running" || state === "cancelling";
  if (isWorking !== before.has(key)) {
    workingJobs.set(isWorking ? new Set([...before, key]) : new Set([...before].filter((k) => k !== key)));
  }
  if (before.has(key) && (state === "done" || state === "failed")) endedJob.set(view);
}

/** Milliseconds in which events are gathered before the page is drawn anew. */
const PACE = 200;

/** Writes what the engine tells into what the page has asked for. */
export function followEvents(client: EngineClient, queries: QueryClient, state: Store<ConnectionState>): void {
  let waiting: EngineEvent[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = (): void => {
    timer = undefined;
    const events = waiting;
    waiting = [];
    apply(events, queries);
  };
  const follow = async (): Promise<void> => {
    for await (const event of await client.engine.events()) {
      waiting.push(event);
      timer ??= setTimeout(flush, PACE);
    }
  };
  let isFollowing = false;
  const start = (): void => {
    if (state.get() !== "connected" || isFollowing) return;
    isFollowing = true;
    follow()
      .catch(() => undefined)
      .finally(() => {
        isFollowing = false;
        // The stream ends with its connection; where it ended first, it is asked for again.
        setTimeout(start, PACE);
      });
  };
  state.subscribe(start);
  start();
}

function apply(events: readonly EngineEvent[], queries: QueryClient): void {
  const jobs = new Map<string, JobView>();
  const logs = new Map<string, { project: string; job: string; entries: JobLogEntry[] }>();
  const projects = new Set<string>();
  for (const event of events) {
    if (event.kind === "job") jobs.set(`${event.view.project} ${event.view.job.id}`, event.view);
    else if (event.kind === "project") projects.add(event.project);
    else {
      const key = `${event.project} ${event.job}`;
      const known = logs.get(key);
      if (known === undefined) logs.set(key, { ...event, entries: [...event.entries] });
      else known.entries.push(...event.entries);
    }
  }
  for (const view of jobs.values()) {
    countJob(view);
    queries.setQueryData<JobView[]>(keys.jobs(view.project), (before) => {
      if (before === undefined) return undefined;
      const isKnown = before.some((v) => v.job.id === view.job.id);
      return isKnown ? before.map((v) => (v.job.id === view.job.id ? view : v)) : [...before, view];
    });
  }
  for (const { project, job, entries } of logs.values()) {
    queries.setQueryData<JobLogEntry[]>(keys.log(project, job), (before) => before && [...before, ...entries]);
  }
  for (const project of projects) void queries.invalidateQueries({ queryKey: keys.project(project) });
}
