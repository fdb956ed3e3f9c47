import { InvalidArgumentError, type Command } from "commander";
import { LatheError } from "../base/error.ts";
import type { DataBrowser } from "../app/dataBrowser.ts";
import type { Project } from "../app/project.ts";
import { inProject, withProjectOption, type Io, type ProjectOptions } from "./io.ts";

export const SPLITS = ["train", "validation", "test", "calibration"] as const;

export type DataOptions = ProjectOptions & { readonly data?: string };

/** A command below `lathe data` that works on one data set. */
export function subcommand(data: Command, name: string): Command {
  return withProjectOption(data.command(name)).option("--data <name>", "data set (default: the newest)");
}

/** Opens a data set of the project for looking at, and closes it whatever happens. */
export async function browsing<T>(
  io: Io,
  options: DataOptions & { readonly mode?: "read" | "write" },
  use: (browser: DataBrowser, project: Project) => Promise<T>,
): Promise<T> {
  return inProject(options, options.mode ?? "read", async (project) => {
    const [{ browseData }, { findData }] = await Promise.all([
      import("../app/dataBrowser.ts"),
      import("../app/project.ts"),
    ]);
    const stored = findData(project, options.data);
    if (stored === undefined) {
      throw new LatheError("not-found", "This project has no data yet.", {
        hint: "Import some: lathe import data PATH.",
      });
    }
    const browser = await browseData(project, stored, io);
    try {
      return await use(browser, project);
    } finally {
      await browser.close();
    }
  });
}

/** Takes one of some words. */
export function oneOf<T extends string>(values: readonly T[]): (text: string) => T {
  return (text) => {
    const found = values.find((value) => value === text);
    if (found !== undefined) return found;
    throw new InvalidArgumentError(`"${text}" is not one of ${values.join(", ")}.`);
  };
}
