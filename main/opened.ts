import { existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * The path that somebody opened Lathe with: a project's folder, a `.lathe` file in it, or a model.
 * @param argv command line behind the program; options and what is not there are passed over
 */
export function openedPath(argv: readonly string[], folder: string): string | undefined {
  const named = argv.find((a) => !a.startsWith("-") && a !== "." && existsSync(resolve(folder, a)));
  if (named === undefined) return undefined;
  const path = resolve(folder, named);
  return /\.lathe$/i.test(path) && statSync(path).isFile() ? dirname(path) : path;
}
