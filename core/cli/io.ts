import { InvalidArgumentError, type Command } from "commander";
import type { Emit } from "../contract/event.ts";
import type { Project } from "../app/project.ts";

/** What a command works with: its way to talk, and how it is stopped. */
export interface Io {
  /** Text for people; nothing where the output is JSON. */
  print(text: string): void;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** What every command has. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export interface ProjectOptions extends CommonOptions {
  readonly project: string;
}

/** A command's work; what it returns is its output under --json. */
export type Work<O> = (
  io: Io,
  options: O,
  args: readonly (string | readonly string[] | undefined)[],
) => Promise<unknown>;

/** Runs a command's work with progress, output and Ctrl+C. Given by the entry, so that commands know no process. */
export type Run = (options: CommonOptions, work: (io: Io) => Promise<unknown>) => Promise<void>;

/** Adds the options that all commands share and runs the work through `run`. */
export function act<O extends CommonOptions>(command: Command, run: Run, work: Work<O>): Command {
  return command
    .option("--json", "print the result as JSON on standard output, and nothing else there")
    .option("-q, --quiet", "show no progress")
    .action(async (...all: unknown[]) => {
      const options = command.opts<O>();
      const args = all.slice(0, -2) as (string | readonly string[] | undefined)[];
      await run(options, (io) => work(io, options, args));
    });
}

export function withProjectOption(command: Command): Command {
  return command.option("-p, --project <dir>", "folder of the project", ".");
}

/** Opens the project of a command, and closes it whatever happens. */
export async function inProject<T>(
  { project: folder }: ProjectOptions,
  mode: "read" | "write",
  use: (project: Project) => Promise<T>,
): Promise<T> {
  const [{ openProject }, { nodeHost }] = await Promise.all([
    import("../app/project.ts"),
    import("../app/nodeHost.ts"),
  ]);
  const project = await openProject(folder, mode, nodeHost);
  try {
    // What jobs have finished whose engine died is there for every command.
    if (mode === "write" && project.store.jobs.list(["running", "cancelling", "interrupted"]).length > 0) {
      const { recover } = await import("../app/jobIngest.ts");
      await recover(project);
    }
    return await use(project);
  } finally {
    project.store.close();
  }
}

/** A whole number of at least `least`. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && text.trim() !== "") return value;
    throw new InvalidArgumentError(`"${text}" is not a whole number of at least ${least}.`);
  };
}

/** A number in a range. */
export function numberWithin(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`"${text}" is not a number from ${least} to ${most}.`);
  };
}

/** For options that may be given several times. */
export function collect<T>(parse: (text: string) => T): (text: string, before: T[] | undefined) => T[] {
  return (text, before) => [...(before ?? []), parse(text)];
}
