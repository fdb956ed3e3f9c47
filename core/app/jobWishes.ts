import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { toLatheError } from "../base/error.ts";
import { jobFolder } from "./jobFolder.ts";

const wish = z.strictObject({ wish: z.enum(["pause", "cancel"]) });
export type JobWish = z.infer<typeof wish>["wish"];

const fileOf = (project: string, id: string): string => join(jobFolder(project, id).path, "wish.json");

/**
 * Leaves a wish for a job where the engine that owns the project looks for it every moment. For processes that may only
 * read the project, such as a command beside a running queue.
 * @throws read-only, disk-full, not-found where the job has no folder
 */
export function leaveWish(project: string, id: string, asked: JobWish): void {
  const file = fileOf(project, id);
  try {
    writeFileSync(`${file}.part`, JSON.stringify({ wish: asked }));
    renameSync(`${file}.part`, file);
  } catch (thrown) {
    throw toLatheError(thrown, `Asking job "${id}" to ${asked}`);
  }
}

/** The wish that was left for a job, which is then gone. */
export function takeWish(project: string, id: string): JobWish | undefined {
  const file = fileOf(project, id);
  if (!existsSync(file)) return undefined;
  try {
    return wish.safeParse(JSON.parse(readFileSync(file, "utf8"))).data?.wish;
  } catch {
    return undefined;
  } finally {
    rmSync(file, { force: true });
  }
}
