import type { Job } from "../contract/jobs.ts";
import { formatBytes } from "../base/format.ts";

/** What jobs may take of a machine together. */
export interface MachineLimits {
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
}

/** The order in which jobs start: by priority, then as they came. */
export function inOrder(queued: readonly Job[]): readonly Job[] {
  return queued.toSorted((a, b) => b.priority - a.priority);
}

export function threadsOf({ plan }: Pick<Job, "plan">): number {
  return Math.max(1, ...plan.steps.map((s) => s.threads));
}

/**
 * The next job to start beside those that run, if any. One always may run; more have to fit in cores and memory, as far
 * as their estimates go. Nobody overtakes: a large job would otherwise wait for ever.
 */
export function nextToStart(queued: readonly Job[], running: readonly Job[], limits: MachineLimits): Job | undefined {
  const [next] = inOrder(queued);
  if (next === undefined || running.length === 0) return next;
  const all = [...running, next];
  const cores = all.reduce((sum, j) => sum + threadsOf(j), 0);
  const memory = all.reduce((sum, j) => sum + (j.estimate?.memory ?? 0), 0);
  return cores <= limits.cores && memory <= limits.memory ? next : undefined;
}

/** Bytes below which no job may go on writing. */
export const LEAST_DISK = 2 ** 30;

/** Why the disk has no room to start a job; undefined where it has, or does not say. */
export function whyNoRoom(job: Pick<Job, "estimate">, free: number | undefined): string | undefined {
  const needed = Math.max(LEAST_DISK, 1.5 * (job.estimate?.disk ?? 0));
  return free === undefined || free >= needed ? undefined : roomText(free, needed);
}

/** Why running jobs have to pause; undefined where they have not. */
export function whyPause(free: number | undefined): string | undefined {
  return free === undefined || free >= LEAST_DISK ? undefined : roomText(free, LEAST_DISK);
}

function roomText(free: number, needed: number): string {
  return `The disk has ${formatBytes(free)} left, and ${formatBytes(needed)} are needed.`;
}
