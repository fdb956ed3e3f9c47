import type { Command } from "commander";
import { formatBytes } from "../../base/format.ts";
import type { Project } from "../../app/project.ts";
import type { Preset } from "../../contract/preset.ts";
import { act, inProject, withProjectOption, type ProjectOptions, type Run } from "../io.ts";
import { textTable } from "../table.ts";

interface PresetOptions extends ProjectOptions {
  readonly user?: boolean;
}

interface SaveOptions extends PresetOptions {
  readonly recipe?: string;
  readonly pipeline?: string;
  readonly variant?: string;
}

/** presets: list, save, remove. cache. */
export function addKeepCommands(program: Command, run: Run): void {
  const presets = withProjectOption(program.command("presets"))
    .description("list recipes that were kept under a name; save and remove them")
    .helpCommand(false)
    .enablePositionalOptions()
    .addHelpText("after", "\nlathe run --preset NAME runs one.");
  act<ProjectOptions>(presets, run, (io, options) =>
    inProject(options, "read", async (project) => {
      const [{ listPresets }, { homeFolder }] = await load();
      const found = await listPresets(project, homeFolder());
      if (found.length === 0) io.print("There are no presets yet: lathe presets save NAME --variant VARIANT.");
      else {
        const columns = [{ title: "Name" }, { title: "Kept in" }, { title: "What" }];
        io.print(
          textTable(
            columns,
            found.map((p) => [p.name, keptIn(p), whatOf(p)]),
          ),
        );
      }
      return { presets: found };
    }),
  );
  addSave(presets, run);
  addRemove(presets, run);
  addCache(program, run);
}

const load = () => Promise.all([import("../../app/presets.ts"), import("../../serve/home.ts")]);

const keptIn = ({ scope }: Preset): string => (scope === "project" ? "this project" : "all projects");

function whatOf(preset: Preset): string {
  if (preset.kind === "pipeline") return preset.pipeline.steps.map((s) => s.method).join(" → ");
  return `${preset.recipe.method} ${JSON.stringify(preset.recipe.params)}`;
}

function addSave(presets: Command, run: Run): void {
  const command = withProjectOption(presets.command("save"))
    .argument("<name>", "name of the preset")
    .option("--variant <variant>", "the recipe that made a variant")
    .option("--recipe <file>", "a recipe (JSON)")
    .option("--pipeline <file>", "a pipeline (JSON)")
    .option("--user", "for all projects, not this one alone")
    .description("keep a recipe or a pipeline under a name");
  act<SaveOptions>(command, run, (io, options, [name]) =>
    inProject(options, "read", async (project) => {
      const [{ savePreset }, { homeFolder }] = await load();
      const kept = { name: String(name), scope: options.user === true ? "user" : "project" } as const;
      const preset: Preset = { ...kept, ...(await contentOf(project, options)) };
      await savePreset(project, homeFolder(), preset);
      io.print(`Kept "${preset.name}" in ${keptIn(preset)}: ${whatOf(preset)}.`);
      return { preset };
    }),
  );
}

type Content =
  { readonly kind: "recipe"; readonly recipe: RecipeOf } | { readonly kind: "pipeline"; readonly pipeline: PipelineOf };
type RecipeOf = Extract<Preset, { kind: "recipe" }>["recipe"];
type PipelineOf = Extract<Preset, { kind: "pipeline" }>["pipeline"];

async function contentOf(project: Project, { variant, recipe, pipeline }: SaveOptions): Promise<Content> {
  const [{ findVariant }, { parseRecipe }, { parsePipeline }, { LatheError }] = await Promise.all([
    import("../../app/project.ts"),
    import("../../app/recipe.ts"),
    import("../../app/pipeline.ts"),
    import("../../base/error.ts"),
  ]);
  const read = async (file: string): Promise<string> => new TextDecoder().decode(await project.host.files.read(file));
  if (pipeline !== undefined) return { kind: "pipeline", pipeline: parsePipeline(await read(pipeline), pipeline) };
  const found =
    recipe !== undefined
      ? parseRecipe(await read(recipe), recipe)
      : variant !== undefined
        ? findVariant(project, variant).recipe
        : undefined;
  if (found === undefined) {
    throw new LatheError("invalid-argument", "Nothing says what to keep.", {
      hint: "Give --variant VARIANT, --recipe FILE or --pipeline FILE.",
    });
  }
  if (found === null) {
    throw new LatheError("invalid-argument", `"${variant ?? ""}" was imported and has no recipe.`, {
      hint: "Name a variant that a method has made.",
    });
  }
  const { from: _, data: __, ...rest } = found;
  return { kind: "recipe", recipe: rest };
}

function addRemove(presets: Command, run: Run): void {
  const command = withProjectOption(presets.command("remove"))
    .argument("<name>", "see lathe presets")
    .option("--user", "one for all projects")
    .description("remove a preset");
  act<PresetOptions>(command, run, (io, options, [name]) =>
    inProject(options, "read", async (project) => {
      const [{ removePreset }, { homeFolder }] = await load();
      const removed = { name: String(name), scope: options.user === true ? "user" : "project" } as const;
      await removePreset(project, homeFolder(), removed);
      io.print(`Removed "${removed.name}".`);
      return { removed };
    }),
  );
}

function addCache(program: Command, run: Run): void {
  const command = withProjectOption(program.command("cache"))
    .option("--empty", "remove what can be computed again")
    .description("show what the folder of a project takes on disk; empty its cache");
  act<ProjectOptions & { readonly empty?: boolean }>(command, run, (io, options) =>
    inProject(options, "read", async ({ store: { folder } }) => {
      const { emptyCache, measureStorage } = await import("../../app/storage.ts");
      const freed = options.empty === true ? await emptyCache(folder) : undefined;
      const storage = await measureStorage(folder);
      const { total, artifacts, jobs, cache } = storage;
      if (freed !== undefined) io.print(`Freed ${formatBytes(freed)}.`);
      io.print(
        `${formatBytes(total)} in all: models ${formatBytes(artifacts)}, jobs ${formatBytes(jobs)}, cache ${formatBytes(cache)}.`,
      );
      return { ...storage, ...(freed !== undefined && { freed }) };
    }),
  );
}
