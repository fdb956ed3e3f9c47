import { existsSync, mkdirSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

/**
 * Keeps compiled code in the user's own cache folder, which halves the time until a command starts; the processes
 * that it starts share it. Where there can be no such folder, code is compiled each time.
 */
export function cacheCode(): void {
  const folder = process.env["NODE_COMPILE_CACHE"] ?? join(cacheFolder(), "lathe", "code");
  // Node would make the folder itself, but never returns where the system refuses it with "no such file", as /proc does.
  if (!makeFolder(folder, 3)) return;
  process.env["NODE_COMPILE_CACHE"] = folder;
  enableCompileCache(folder);
}

/** Makes a folder and at most `levels` missing ones on the way to it. */
function makeFolder(folder: string, levels: number): boolean {
  if (existsSync(folder)) return true;
  if (levels === 0 || !makeFolder(dirname(folder), levels - 1)) return false;
  try {
    mkdirSync(folder);
  } catch {
    return existsSync(folder);
  }
  return true;
}

function cacheFolder(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (XDG_CACHE_HOME !== undefined && XDG_CACHE_HOME !== "") return XDG_CACHE_HOME;
  if (process.platform === "win32") return LOCALAPPDATA ?? join(homedir(), "AppData", "Local");
  return process.platform === "darwin" ? join(homedir(), "Library", "Caches") : join(homedir(), ".cache");
}
