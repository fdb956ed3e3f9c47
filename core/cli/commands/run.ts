import { availableParallelism } from "node:os";
import { InvalidArgumentError, Option, type Command } from "commander";
import type { ProviderName } from "../../contract/device.ts";
import { LatheError } from "../../base/error.ts";
import { formatBytes } from "../../base/format.ts";
import type { Json } from "../../base/json.ts";
import type { Project } from "../../app/project.ts";
import type { JobRequest } from "../../app/jobs.ts";
import type { RunRequest } from "../../app/recipe.ts";
import type { Pipeline } from "../../contract/pipeline.ts";
import type { Estimate, MethodInfo } from "../../contract/method.ts";
import { flagsOf, paramsFrom } from "../flags.ts";
import { act, inProject, wholeNumber, withProjectOption, type Io, type ProjectOptions, type Run } from "../io.ts";
import { runJob } from "../job.ts";

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
  readonly try?: number | true;
  readonly queue?: boolean;
  readonly priority?: number;
  readonly recipe?: string;
  readonly pipeline?: string;
  readonly preset?: string;
}

/** `run METHOD` with one subcommand per method of the catalogue, which is loaded only when it is asked for. */
export async function addRunCommand(program: Command, run: Run, isAsked: boolean): Promise<void> {
  const command = withRunOptions(program.command("run"))
    .argument("[method]", "see lathe methods")
    .option("--recipe <file>", "repeat a recipe (JSON) instead of naming a method")
    .option("--pipeline <file>", "run several recipes in a chain (JSON), each on what the one before made")
    .option("--preset <name>", "run what was kept under a name: lathe presets")
    .description("run a method on a variant; its parameters: lathe run METHOD --help")
    .helpCommand(false)
    // The options of a method's own command come behind its name.
    .enablePositionalOptions();
  act<RunOptions>(command, run, async (io, options, [method]) => {
    if (options.preset !== undefined) {
      const { findPreset } = await import("../../app/presets.ts");
      const { homeFolder } = await import("../../serve/home.ts");
      const wanted = options.preset;
      const found = await inProject(options, "read", (project) => findPreset(project, homeFolder(), wanted));
      return perform(
        io,
        options,
        found.kind === "pipeline" ? asPipeline(options, found.pipeline) : asRun(options, { recipe: found.recipe }),
      );
    }
    const file = options.pipeline ?? options.recipe;
    if (file === undefined) throw await withoutRecipe(method);
    const [{ parseRecipe }, { parsePipeline }, { nodeHost }] = await Promise.all([
      import("../../app/recipe.ts"),
      import("../../app/pipeline.ts"),
      import("../../app/nodeHost.ts"),
    ]);
    const text = new TextDecoder().decode(await nodeHost.files.read(file));
    if (options.pipeline === undefined)
      return perform(io, options, asRun(options, { recipe: parseRecipe(text, file) }));
    return perform(io, options, asPipeline(options, parsePipeline(text, file)));
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
        hint: `Name one (${known}), or give --recipe FILE, --pipeline FILE or --preset NAME.`,
      });
}

const RUN_HELP = `
It runs as a job in a process of its own; this command waits for it. Ctrl+C cancels it. What was cancelled, interrupted
or has failed goes on from its last checkpoint when the same is run again.`;

function withRunOptions(command: Command): Command {
  return withProjectOption(command)
    .option("--from <variant>", "variant to start from")
    .option("--name <name>", "name of the new variant (default: the method's)")
    .option("--data <name>", "data set (default: the newest)")
    .option("--seed <seed>", "seed of everything random", wholeNumber(0), 0)
    .option("--threads <count>", "threads (default: all cores, at most 8); part of the recipe", wholeNumber(1))
    .addOption(new Option("--device <provider>", "what to run on (default: cpu); see lathe doctor").choices(DEVICES))
    .option("--no-measure", "do not measure the result")
    .option("--dry-run", "only say what it would take")
    .option("--try [samples]", "only try it for one epoch, on 32 samples or so many; makes nothing", wholeNumber(1))
    .option("--queue", "only queue it; lathe jobs run works the queue off")
    .option("--priority <number>", "higher ones leave the queue first (default: 0)", wholeNumber(-1000))
    .addHelpText("after", RUN_HELP);
}

function addMethod(parent: Command, run: Run, method: MethodInfo): void {
  const command = withRunOptions(parent.command(method.id)).description(method.summary);
  command.option("--param <name=value>", "a parameter by its name in recipes (repeatable)", collectParams);
  for (const flag of flagsOf(method)) command.addOption(flag);
  act<RunOptions & { readonly param?: Record<string, Json> }>(command, run, (io, options) => {
    const params = { ...options.param, ...paramsFrom(method, command.opts()) };
    const threads = options.threads ?? Math.min(8, availableParallelism());
    const request = { method: method.id, params, seed: options.seed, threads, provider: options.device };
    return perform(io, options, asRun(options, request));
  });
}

/** Samples of a tryout, unless somebody says otherwise. */
const TRYOUT = 32;

function tryoutOf({ try: asked }: RunOptions): number | undefined {
  return asked === true ? TRYOUT : asked;
}

function asRun(options: RunOptions, run: RunRequest): JobRequest {
  const { from, name, data, measure, priority } = options;
  return { run, from, name, data, measure, priority, tryout: tryoutOf(options) };
}

function asPipeline(options: RunOptions, asked: Pipeline): JobRequest {
  const { from, name, data, measure, priority, threads } = options;
  if (name !== undefined) {
    throw new LatheError("invalid-argument", `A pipeline cannot have the name "${name}".`, {
      hint: 'Give each step a "name" in the file.',
    });
  }
  const pipeline = { ...asked, threads: asked.threads ?? threads, measure: measure ? asked.measure : false };
  return { pipeline, from, data, priority, tryout: tryoutOf(options) };
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

function perform(io: Io, options: RunOptions, request: JobRequest): Promise<unknown> {
  if (options.dryRun === true) return inProject(options, "read", (project) => estimate(io, project, request));
  return inProject(options, "write", async (project) => {
    const { openEngine } = await import("../../app/jobs.ts");
    const engine = await openEngine(project, { takes: options.queue === true ? "none" : "own" });
    try {
      if (options.queue === true) {
        const job = await engine.submit(request, io);
        io.print(`Queued as ${job.id}: ${job.title}. Work the queue off with: lathe jobs run.`);
        return { job };
      }
      return await runJob(io, { project, engine, begin: () => engine.submit(request, { ...io, continues: true }) });
    } finally {
      await engine.close();
    }
  });
}

async function estimate(io: Io, project: Project, request: JobRequest): Promise<unknown> {
  if ("run" in request) {
    const { estimateRun } = await import("../../app/runMethod.ts");
    const found = await estimateRun(project, { ...request.run, data: request.data }, request.from);
    io.print(estimateText(found.estimate));
    for (const note of found.notes) io.print(note);
    return found;
  }
  const { planJob } = await import("../../app/jobPlan.ts");
  const { title, plan, estimate: found } = await planJob(project, request, io);
  io.print(title);
  if (found !== undefined) io.print(estimateText(found));
  return { plan, estimate: found };
}

function estimateText({ seconds, memory, disk }: Estimate): string {
  return `About ${Math.max(1, Math.round(seconds))} s, ${formatBytes(memory)} of memory, ${formatBytes(disk)} of disk.`;
}
