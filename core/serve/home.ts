import { homedir } from "node:os";
import { join } from "node:path";

/** Folder of what Lathe keeps for its user; LATHE_HOME names another one. */
export function homeFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { LATHE_HOME, XDG_DATA_HOME, LOCALAPPDATA } = environment;
  if (LATHE_HOME !== undefined && LATHE_HOME !== "") return LATHE_HOME;
  if (process.platform === "win32") return join(LOCALAPPDATA ?? join(homedir(), "AppData", "Local"), "Lathe");
  if (process.platform === "darwin") return join(homedir(), "Library", "Application Support", "Lathe");
  return join(
    XDG_DATA_HOME !== undefined && XDG_DATA_HOME !== "" ? XDG_DATA_HOME : join(homedir(), ".local", "share"),
    "lathe",
  );
}

/** Folders that a product's own files are in, seen from this file, in the sources as in a build. */
export const PRODUCT = join(import.meta.dirname, "..", "..");
