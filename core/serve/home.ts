import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

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

/** The folder that holds the product's sample and its built pages, seen from the sources as from a build. */
export const PRODUCT = findProduct(import.meta.dirname);

function findProduct(folder: string): string {
  if (existsSync(join(folder, "samples")) || dirname(folder) === folder) return folder;
  return findProduct(dirname(folder));
}
