import { LatheError } from "../base/error.ts";
import type { Host } from "../base/host.ts";
import { pipeline as pipelineSchema } from "../contract/pipeline.ts";
import { preset, type Preset, type PresetScope } from "../contract/preset.ts";
import { recipe as recipeSchema } from "../contract/project.ts";
import { writeRecord } from "./jobFolder.ts";
import { checkName, type Project } from "./project.ts";

/** Presets of the project, then those of the person, each by name. Files that hold none are passed over. */
export async function listPresets(project: Project, home: string): Promise<readonly Preset[]> {
  const lists = await Promise.all(
    (["project", "user"] as const).map((scope) => readFolder(project.host, folderOf(project, home, scope), scope)),
  );
  return lists.flat();
}

/** The preset of a name, the project's before the person's. @throws not-found naming those that exist */
export async function findPreset(project: Project, home: string, name: string): Promise<Preset> {
  const all = await listPresets(project, home);
  const found = all.find((p) => p.name === name);
  if (found !== undefined) return found;
  throw new LatheError("not-found", `There is no preset "${name}".`, {
    hint: all.length === 0 ? "Keep one first: lathe presets save." : `Presets: ${all.map((p) => p.name).join(", ")}.`,
  });
}

/** Keeps a preset; one of the same name and scope is replaced. @throws invalid-argument for the name, read-only, disk-full */
export async function savePreset(project: Project, home: string, given: Preset): Promise<void> {
  const { host } = project;
  const folder = folderOf(project, home, given.scope);
  await host.files.makeFolder(folder);
  const file = host.files.join(folder, fileOf(checkName(given.name)));
  await writeRecord(file, given.kind === "recipe" ? given.recipe : given.pipeline, host);
}

/** @throws not-found */
export async function removePreset(
  project: Project,
  home: string,
  { name, scope }: { readonly name: string; readonly scope: PresetScope },
): Promise<void> {
  const { files } = project.host;
  const file = files.join(folderOf(project, home, scope), fileOf(name));
  if ((await files.info(file)) === undefined) {
    throw new LatheError("not-found", `There is no preset "${name}" of this ${scope}.`, {
      hint: '"lathe presets" lists them.',
    });
  }
  await files.remove(file);
}

function folderOf({ store, host }: Project, home: string, scope: PresetScope): string {
  return host.files.join(scope === "project" ? store.folder : home, "presets");
}

const ENDING = ".json";

/** Names may hold what file systems do not take. The file itself is a recipe or a pipeline, as `lathe run` reads it. */
function fileOf(name: string): string {
  return `${encodeURIComponent(name).replaceAll("*", "%2A")}${ENDING}`;
}

async function readFolder({ files }: Host, folder: string, scope: PresetScope): Promise<readonly Preset[]> {
  if ((await files.info(folder))?.kind !== "directory") return [];
  const names = (await files.list(folder)).filter((name) => name.endsWith(ENDING));
  const found = await Promise.all(
    names.map(async (file) => {
      const name = nameOf(file);
      return name === undefined ? [] : presetOf(await files.read(files.join(folder, file)), { name, scope });
    }),
  );
  return found.flat().toSorted((a, b) => a.name.localeCompare(b.name, "en"));
}

function nameOf(file: string): string | undefined {
  try {
    return decodeURIComponent(file.slice(0, -ENDING.length));
  } catch {
    return undefined;
  }
}

function presetOf(bytes: Uint8Array, named: Pick<Preset, "name" | "scope">): readonly Preset[] {
  let raw: unknown;
  try {
    raw = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return [];
  }
  const chain = pipelineSchema.safeParse(raw);
  if (chain.success) return [{ ...named, kind: "pipeline", pipeline: chain.data }];
  const parsed = recipeSchema.safeParse(raw);
  if (!parsed.success) return [];
  const { from: _, data: __, ...recipe } = parsed.data;
  return preset.safeParse({ ...named, kind: "recipe", recipe }).success ? [{ ...named, kind: "recipe", recipe }] : [];
}
