import { statfs } from "node:fs/promises";
import { formatBytes } from "../base/format.ts";
import { LatheError } from "../base/error.ts";

/** Bytes that may still be written under a folder; undefined where the system does not say. */
export async function freeBytes(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

/**
 * Refuses work that would fill the disk: half as much again as is needed must be free.
 * @throws disk-full
 */
export async function checkDisk(folder: string, needed: number, free = freeBytes): Promise<void> {
  const available = await free(folder);
  if (available === undefined || available >= needed * 1.5) return;
  throw new LatheError(
    "disk-full",
    `Not enough disk space for "${folder}": this needs about "${formatBytes(needed * 1.5)}", and ${formatBytes(available)} are free.`,
    {
      details: { needed: needed * 1.5, available },
      hint: "Free some disk space, or move the project to a larger disk.",
    },
  );
}
