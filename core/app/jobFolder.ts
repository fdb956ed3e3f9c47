import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import type { Host } from "../base/host.ts";
import { jobLogEntry, jobPlan, type JobLogEntry, type JobPlan } from "../contract/jobs.ts";
import { readLines } from "./lines.ts";

/**
 * What a job keeps in the project's folder, apart from the database:
 * `request.json`, what it is to do; `events.jsonl`, what has happened; `work/`, what its runs go on from, one folder
 * each, with the trials of the run in `trials.jsonl`; `output-N.json`, what step N has made; `measured.json`, what was measured in the end;
 * `tryout.json`, what a tryout came to.
 */
export interface JobFolder {
  readonly path: string;
  readonly request: string;
  readonly events: string;
  readonly work: string;
  /** What step n, from 1, has made. */
  output(step: number): string;
  readonly measured: string;
  /** What a tryout came to. */
  readonly tryout: string;
}

/** The folder of all jobs of a project. */
export function jobsFolder(project: string): string {
  return join(project, "jobs");
}

export function jobFolder(project: string, id: string): JobFolder {
  const path = join(jobsFolder(project), id);
  return Object.freeze<JobFolder>({
    path,
    request: join(path, "request.json"),
    events: join(path, "events.jsonl"),
    work: join(path, "work"),
    output: (step) => join(path, `output-${step}.json`),
    measured: join(path, "measured.json"),
    tryout: join(path, "tryout.json"),
  });
}

/** Writes a record as a file that is there as a whole or not at all. @throws disk-full, read-only, io */
export async function writeRecord(path: string, record: unknown, { files }: Host): Promise<void> {
  const writer = await files.create(path);
  try {
    await writer.write(new TextEncoder().encode(JSON.stringify(record)));
    await writer.commit();
  } finally {
    await writer.discard();
  }
}

/** The record of a file; undefined where there is none, or none of that kind. */
export function readRecord<T>(path: string, schema: z.ZodType<T>): T | undefined {
  if (!existsSync(path)) return undefined;
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
  return schema.safeParse(raw).data;
}

export function readPlan(folder: JobFolder): JobPlan | undefined {
  return readRecord(folder.request, jobPlan);
}

/** What has happened to a job, from the given entry on. */
export function readLog(folder: JobFolder, from = 0): readonly JobLogEntry[] {
  return readLines(folder.events, jobLogEntry, from);
}

/** Names of the runs that have left something in a job's folder. */
export function runsOf(folder: JobFolder): readonly string[] {
  return existsSync(folder.work) ? readdirSync(folder.work).sort() : [];
}
