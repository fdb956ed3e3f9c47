import { lstat, opendir, rm } from "node:fs/promises";
import { join } from "node:path";
import { toLatheError } from "../base/error.ts";

/** What a project's folder takes on disk, in bytes. */
export interface Storage {
  /** Models and what belongs to them. */
  readonly artifacts: number;
  /** Logs and checkpoints of jobs. */
  readonly jobs: number;
  /** What was computed once to be used again; all of it can be made anew. */
  readonly cache: number;
  /** The whole folder. */
  readonly total: number;
}

/** Measures the folder of a project, which need not be open. @throws io, read-only */
export async function measureStorage(folder: string): Promise<Storage> {
  const [artifacts, jobs, cache, total] = await Promise.all([
    sizeOf(join(folder, "artifacts")),
    sizeOf(join(folder, "jobs")),
    sizeOf(join(folder, "cache")),
    sizeOf(folder),
  ]);
  return { artifacts, jobs, cache, total };
}

/** Empties the cache of a project; runs that use it make anew what they need. @returns bytes that were freed */
export async function emptyCache(folder: string): Promise<number> {
  const cache = join(folder, "cache");
  const freed = await sizeOf(cache);
  try {
    await rm(cache, { recursive: true, force: true });
  } catch (thrown) {
    throw toLatheError(thrown, `Emptying "${cache}"`);
  }
  return freed;
}

/** Bytes of a file, or of all below a folder; 0 for what is not there, or goes away meanwhile. Links are not followed. */
async function sizeOf(path: string): Promise<number> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined || found.isSymbolicLink()) return 0;
  if (!found.isDirectory()) return found.size;
  let sum = 0;
  const entries = await opendir(path).catch(() => undefined);
  if (entries === undefined) return 0;
  for await (const { name } of entries) sum += await sizeOf(join(path, name));
  return sum;
}
