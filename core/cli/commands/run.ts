import { availableParallelism } from "node:os";
import { InvalidArgumentError, Option, type Command } from "commander";
import type { ProviderName } from "../../contract/device.ts";
import { LatheError } from "../../base/error.ts";
import { formatBytes } from "../../base/format.ts";
import type { Json } from "../../base/json.ts";
import type { Project } from "../../app/project.ts";
import type { RunRequest } from "../../app/runMethod.ts";
import type { MethodInfo } from "../../contract/method.ts";
import { flagsOf, paramsFrom } from "../flags.ts";
import { act, inProject, wholeNumber, withProjectOption, type Io, type ProjectOptions, type Run } from "../io.ts";
import { blockTable } from "../table.ts";

const DEVICES: readonly ProviderName[] = ["cpu", "webgpu", "cuda", "tensorrt", "dml", "coreml"];

interface RunOptions extends ProjectOptions {
  readonly from?: string;
  readonly name?: string;
  readonly data?: string;
  readonly seed: number;
  readonly threads?: number;
  readonly device?: ProviderName;
  readonly measure: boolean;
  readonly dryRun?: boolean;
  readonly recipe?: string;
}

/** `run METHOD` with one subcommand per method of the catalogue, which is loaded only when it is asked for. */
export async function addRunCommand(program: Command, run: Run, isAsked: boolean): Promise<void> {
  const command = withRunOptions(program.command("run"))
    .argument("[method]", "see lathe methods")
    .option("--recipe <file>", "repeat a recipe (JSON) instead of naming a method")
    .description("run a method on a variant; its parameters: lathe run METHOD --help")
    .helpCommand(false)
    // The options of a method's own command come behind its name.
    .enablePositionalOptions();
  act<RunOptions>(command, run, async (io, options, [method]) => {
    if (options.recipe === undefined) throw await withoutRecipe(method);
    const [{ parseRecipe }, { nodeHost }] = await Promise.all([
      import("../../app/runMethod.ts"),
      import("../../app/nodeHost.ts"),
    ]);
    const text = new TextDecoder().decode(await nodeHost.files.read(options.recipe));
    return perform(io, options, { recipe: parseRecipe(text, options.recipe) });
  });
  if (!isAsked) return;
  const { listMethods } = await import("../../app/methods.ts");
  for (const method of await listMethods()) addMethod(command, run, method);
}

/** `train`, which is `run train`. */
export async function addTrainCommand(program: Command, run: Run, isAsked: boolean): Promise<void> {
  if (!isAsked) {
    program.command("train").description("train a variant on the project's data");
    return;
  }
  const { describeMethod } = await import("../../app/methods.ts");
  addMethod(program, run, await describeMethod("train"));
}

async function withoutRecipe(method: unknown): Promise<LatheError> {
  const { listMethods } = await import("../../app/methods.ts");
  const known = (await listMethods()).map((m) => m.id).join(", ");
  return typeof method === "string"
    ? new LatheError("not-found", `There is no method "${method}".`, { hint: `Methods: ${known}.` })
    : new LatheError("invalid-argument", "Nothing says which method to run.", {
        hint: `Name one (${known}), or give --recipe FILE.`,
      });
}

function withRunOptions(command: Command): Command {
  return withProjectOption(command)
    .option("--from <variant>", "variant to start from")
    .option("--name <name>", "name of the new variant (default: the method's)")
    .option("--data <name>", "data set (default: the newest)")
    .option("--seed <seed>", "seed of everything random", wholeNumber(0), 0)
    .option("--threads <count>", "threads (default: all cores, at most 8); part of the recipe", wholeNumber(1))
    .addOption(new Option("--device <provider>", "what to run on (default: cpu); see lathe doctor").choices(DEVICES))
    .option("--no-measure", "do not measure the result")
    .option("--dry-run", "only say what it would take");
}

function addMethod(parent: Command, run: Run, method: MethodInfo): void {
  const command = withRunOptions(parent.command(method.id)).description(method.summary);
  command.option("--param <name=value>", "a parameter by its name in recipes (repeatable)", collectParams);
  for (const flag of flagsOf(method)) command.addOption(flag);
  act<RunOptions & { readonly param?: Record<string, Json> }>(command, run, (io, options) => {
    const params = { ...options.param, ...paramsFrom(method, command.opts()) };
    const threads = options.threads ?? Math.min(8, availableParallelism());
    return perform(io, options, { method: method.id, params, seed: options.seed, threads, provider: options.device });
  });
}

function collectParams(text: string, before: Record<string, Json> | undefined): Record<string, Json> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError(`"${text}" is not name=value.`);
  const value = text.slice(at + 1);
  let parsed: Json;
  try {
    parsed = JSON.parse(value) as Json;
  } catch {
    parsed = value;
  }
  return { ...before, [text.slice(0, at)]: parsed };
}

function perform(io: Io, options: RunOptions, request: RunRequest): Promise<unknown> {
  if (options.dryRun === true)
    return inProject(options, "read", (project) => estimate(io, { project, options, request }));
  return inProject(options, "write", async (project) => {
    const { runMethod } = await import("../../app/runMethod.ts");
    const { from, name, data } = options;
    const made = await runMethod(project, request, { ...io, from, name, data });
    io.print(`Made "${made.name}" (${made.id}): ${formatBytes(made.model.bytes)}, SHA-256 ${made.model.sha256}`);
    for (const warning of made.warnings) io.print(`Careful: ${warning}`);
    if (!options.measure) return { variant: made };
    const [{ measureVariants }, { compareVariants, comparisonTable }] = await Promise.all([
      import("../../app/measureVariants.ts"),
      import("../../app/compare.ts"),
    ]);
    const [variant = made] = await measureVariants(project, [made], { ...io, data });
    io.print(`\n${blockTable(comparisonTable(compareVariants(project, [made.id])))}`);
    return { variant };
  });
}

interface EstimateTask {
  readonly project: Project;
  readonly options: RunOptions;
  readonly request: RunRequest;
}

async function estimate(io: Io, { project, options, request }: EstimateTask): Promise<unknown> {
  const { estimateRun } = await import("../../app/runMethod.ts");
  const found = await estimateRun(project, request, options.from);
  const { seconds, memory, disk } = found.estimate;
  io.print(
    `About ${Math.max(1, Math.round(seconds))} s, ${formatBytes(memory)} of memory, ${formatBytes(disk)} of disk.`,
  );
  for (const note of found.notes) io.print(note);
  return found;
}
