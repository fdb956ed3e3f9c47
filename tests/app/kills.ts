import { spawn, type ChildProcess } from "node:child_process";
import { cpSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import Sqlite from "better-sqlite3";
import { TRIALS } from "../../core/app/produce.ts";
import { readLines } from "../../core/app/lines.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { openProject } from "../../core/app/project.ts";
import { toLatheError } from "../../core/base/error.ts";
import type { Random } from "../../core/base/random.ts";
import { canonicalJson, type Json } from "../../core/base/json.ts";
import { trial } from "../../core/contract/trial.ts";

export const TARGETS = ["job", "engine", "both"] as const;
export type Target = (typeof TARGETS)[number];

export interface Kill {
  readonly target: Target;
  /** What the time is counted from: the start of the engine, or of the next process of the job. */
  readonly since: "engine" | "job";
  /** Milliseconds. */
  readonly after: number;
}

/** What came of a project whose processes were killed again and again until they were let finish. */
export interface Survival {
  /** Kills that hit a living process, by target. */
  readonly hits: Readonly<Record<Target, number>>;
  /** Trials that were finished at a kill and are not, as they were, among the project's in the end. */
  readonly lost: number;
  /** Trials that were finished at a kill. */
  readonly seen: number;
  /** What is wrong with the project; empty: nothing. */
  readonly damage: readonly string[];
  /** SHA-256 of the models that the steps made. */
  readonly models: readonly string[];
  /** Milliseconds from the start of the last job's process to the end of the last engine. */
  readonly span: number;
}

const VICTIM = join(import.meta.dirname, "victimEngine.ts");

/**
 * Kills at random moments, up to `span` milliseconds after a start; a job is only there once it has one. The span is that
 * of an undisturbed job, so that on a fast machine and on a slow one every phase is hit; early ones are likelier, since
 * a job that goes on has less to do.
 */
export function someKills(random: Random, count: number, longest: number): readonly Kill[] {
  const span = Math.max(1, Math.round(longest));
  return Array.from({ length: count }, () => {
    const target = TARGETS[random.integer(TARGETS.length)]!;
    const since = target === "job" || random.next() < 0.8 ? "job" : "engine";
    return { target, since, after: Math.floor(span * random.next() ** 2) };
  });
}

/** Runs a pipeline in a copy of a project, with these kills, and looks at what is left when it is done at last. */
export async function survive(
  template: string,
  folder: string,
  task: { readonly pipeline: object; readonly kills: readonly Kill[] },
): Promise<Survival> {
  cpSync(template, folder, { recursive: true });
  const hits = { job: 0, engine: 0, both: 0 };
  const seen = new Map<string, string>();
  const damage: string[] = [];
  let victim = startVictim(folder, task.pipeline);
  for (const { target, since, after } of task.kills) {
    if (since === "job") await Promise.race([victim.jobStarts(), victim.ended]);
    await Promise.race([sleep(after), victim.ended]);
    if (target !== "job") victim.process.kill("SIGKILL");
    const isHit = target === "engine" ? !victim.isOver() : victim.killJob() && (target === "job" || !victim.isOver());
    if (isHit) hits[target]++;
    if (target !== "job") await victim.ended;
    for (const [key, text] of finishedTrials(folder)) seen.set(key, text);
    if (victim.isOver()) {
      damage.push(...victim.complaints());
      victim = startVictim(folder, task.pipeline);
    }
  }
  await victim.ended;
  if (!victim.isDone()) damage.push(...victim.complaints(), "The job did not come to its end.");
  const { kept, models, faults } = await look(folder);
  rmSync(folder, { recursive: true, force: true });
  const lost = [...seen].filter(([key, text]) => kept.get(key) !== text).length;
  return { hits, lost, seen: seen.size, damage: [...damage, ...faults], models, span: victim.span() };
}

interface Victim {
  readonly process: ChildProcess;
  readonly ended: Promise<void>;
  isOver(): boolean;
  isDone(): boolean;
  /** Resolves once the job has a process. */
  jobStarts(): Promise<unknown>;
  /** Kills the process of the job; whether there was one. */
  killJob(): boolean;
  complaints(): readonly string[];
  span(): number;
}

function startVictim(folder: string, pipeline: object): Victim {
  const child = spawn(process.execPath, [VICTIM, folder, JSON.stringify(pipeline)], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  let job: number | undefined;
  let isDone = false;
  let errors = "";
  let isOver = false;
  let [from, to] = [0, 0];
  let started = announcement();
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  createInterface(child.stdout).on("line", (line) => {
    if (line === "done") isDone = true;
    else if (line === "gone") [job, started] = [undefined, announcement()];
    else {
      job = Number(line);
      from = performance.now();
      started.tell();
    }
  });
  const ended = new Promise<void>((resolve) => {
    // Its jobs hold the same pipes, so that "close" may come later than the end.
    child.once("exit", () => {
      isOver = true;
      to = performance.now();
      setImmediate(resolve);
    });
  });
  return {
    process: child,
    ended,
    isOver: () => isOver,
    isDone: () => isDone,
    jobStarts: () => started.promise,
    killJob: () => {
      try {
        return job !== undefined && process.kill(job, "SIGKILL");
      } catch {
        return false;
      }
    },
    span: () => to - from,
    complaints: () => (errors === "" ? [] : [errors.trim()]),
  };
}

/** Something to wait for that is told once. */
function announcement(): { readonly promise: Promise<unknown>; tell(): void } {
  const { promise, resolve } = Promise.withResolvers();
  return { promise, tell: () => resolve(undefined) };
}

/** The trials that are whole on disk, by where they stand. */
function finishedTrials(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  const work = join(folder, "jobs", "j1", "work");
  if (!existsSync(work)) return found;
  for (const run of readdirSync(work)) {
    readLines(join(work, run, TRIALS), trial).forEach((t, i) => found.set(`${run} ${i}`, textOf(t)));
  }
  return found;
}

const textOf = (value: object): string => canonicalJson(value as unknown as Json);

/** Reads all that a project has and checks it against itself. */
async function look(folder: string): Promise<{
  readonly kept: ReadonlyMap<string, string>;
  readonly models: readonly string[];
  readonly faults: readonly string[];
}> {
  const faults: string[] = [];
  const kept = new Map<string, string>();
  const models: string[] = [];
  try {
    const database = new Sqlite(join(folder, "project.sqlite"), { readonly: true });
    const check = database.pragma("integrity_check", { simple: true });
    database.close();
    if (check !== "ok") faults.push(String(check));
    const { store } = await openProject(folder, "write", nodeHost);
    const places = new Map<string, number>();
    for (const { run, trial: one } of store.trials.list()) {
      const place = places.get(run) ?? 0;
      places.set(run, place + 1);
      kept.set(`${run} ${place}`, textOf(one));
    }
    for (const { model, recipe } of store.variants()) {
      await store.artifacts.verify(model);
      if (recipe !== null) models.push(model.sha256);
    }
    const states = store.jobs.list().map((j) => j.state);
    if (states.join() !== "done") faults.push(`Jobs are ${states.join()}.`);
    const left = readdirSync(join(folder, "artifacts")).filter((name) => name.endsWith(".part"));
    if (left.length > 0) faults.push(`Half-written artefacts: ${left.join()}.`);
    store.close();
  } catch (thrown) {
    faults.push(toLatheError(thrown).message);
  }
  return { kept, models, faults };
}
