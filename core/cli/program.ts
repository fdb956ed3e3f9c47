import { Command } from "commander";
import { LatheError } from "../base/error.ts";
import { EXIT_CODE_HELP, EXIT_CODES, failureJson, failureOf, failureText } from "./failure.ts";
import type { Io, Run } from "./io.ts";
import { startProgress } from "./progress.ts";
import { harmless } from "./table.ts";

/** Runs one command line and gives the exit code. Ctrl+C stops cleanly; a second one at once. */
export async function run(argv: readonly string[]): Promise<number> {
  const control = new AbortController();
  const stop = (): void => {
    if (control.signal.aborted) process.exit(EXIT_CODES.cancelled);
    control.abort(new LatheError("cancelled", "Cancelled."));
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  // Whoever reads our output may leave early, as head does.
  process.stdout.on("error", () => process.exit(0));
  const isJson = argv.includes("--json");
  try {
    const program = await buildProgram(argv, runner(control.signal));
    await program.parseAsync(argv, { from: "user" });
    return 0;
  } catch (thrown) {
    const error = failureOf(thrown, control.signal);
    if (error === undefined) return 0;
    if (isJson) process.stdout.write(`${JSON.stringify(failureJson(error), undefined, 2)}\n`);
    else process.stderr.write(harmless(failureText(error)));
    return EXIT_CODES[error.code];
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}

function runner(signal: AbortSignal): Run {
  return async (options, work) => {
    const progress = await startProgress(options.quiet === true, process.stderr);
    const io: Io = {
      print: (text) => {
        if (options.json === true) return;
        progress.stop();
        process.stdout.write(`${harmless(text)}\n`);
      },
      emit: progress.emit,
      signal,
    };
    try {
      const result = await work(io);
      progress.stop();
      if (options.json === true) process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
    } finally {
      progress.stop();
    }
  };
}

/** Only the command that is asked for loads its parameters; all are listed. */
async function buildProgram(argv: readonly string[], runWork: Run): Promise<Command> {
  const program = new Command("lathe")
    .description(
      "Turns big neural networks into small ones: import an ONNX model and data, run methods, compare, export.",
    )
    .helpCommand(false)
    .enablePositionalOptions()
    .showSuggestionAfterError(true)
    .addHelpText("after", `\n${EXIT_CODE_HELP}`)
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  const asked = argv.find((a) => !a.startsWith("-"));
  const { addProjectCommands } = await import("./commands/project.ts");
  const { addArchiveCommand } = await import("./commands/archive.ts");
  const { addDataCommand } = await import("./commands/data.ts");
  const { addNewCommand } = await import("./commands/new.ts");
  const { addExportCommand } = await import("./commands/export.ts");
  const { addViewCommands } = await import("./commands/view.ts");
  const { addServeCommand } = await import("./commands/serve.ts");
  const { addRunCommand, addTrainCommand } = await import("./commands/run.ts");
  const { addJobsCommand } = await import("./commands/jobs.ts");
  const { addKeepCommands } = await import("./commands/keep.ts");
  addProjectCommands(program, runWork);
  await addRunCommand(program, runWork, asked === "run");
  await addTrainCommand(program, runWork, asked === "train");
  addJobsCommand(program, runWork);
  addKeepCommands(program, runWork);
  addArchiveCommand(program, runWork);
  addDataCommand(program, runWork);
  await addNewCommand(program, runWork, asked === "new");
  addViewCommands(program, runWork);
  await addExportCommand(program, runWork, asked === "export");
  addServeCommand(program, runWork);
  const { addTrialsCommand } = await import("./commands/trials.ts");
  addTrialsCommand(program, runWork);
  const { version } = await import("./version.ts");
  return program.version(version, "-V, --version");
}
