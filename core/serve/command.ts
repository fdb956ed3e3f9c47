import type { Json } from "../base/json.ts";
import { exportSchema } from "../contract/export.ts";
import { flagName, type MethodInfo } from "../contract/method.ts";
import type { RunAsked } from "../contract/run.ts";

export interface CommandParts {
  readonly method: MethodInfo;
  readonly run: Omit<RunAsked, "data"> & { readonly data: string | undefined };
  /** Name of the variant to start from. */
  readonly from: string;
  readonly folder: string;
  /** The person's own folder, which shells know as "~". */
  readonly home: string;
}

/** A run of a wizard as the command line that does the same; parameters at their default are left out. */
export function commandOf({ method, run, from, folder, home }: CommandParts): string {
  const properties = (method.params["properties"] ?? {}) as unknown as Readonly<
    Record<string, { readonly default?: Json }>
  >;
  const changed = Object.entries(run.params).filter(
    ([name, value]) => JSON.stringify(properties[name]?.default) !== JSON.stringify(value),
  );
  return [
    "lathe run",
    method.id,
    `--from ${quoted(from)}`,
    ...(run.name === undefined ? [] : [`--name ${quoted(run.name)}`]),
    ...(run.data === undefined ? [] : [`--data ${quoted(run.data)}`]),
    ...(run.seed === 0 ? [] : [`--seed ${run.seed}`]),
    `--threads ${run.threads}`,
    ...(run.provider === undefined ? [] : [`--device ${run.provider}`]),
    ...changed.flatMap(([name, value]) => flagsFor(flagName(name), value)),
    ...(run.measure ? [] : ["--no-measure"]),
    `--project ${quotedFolder(folder, home)}`,
  ].join(" ");
}

/** A chain as the command line that does the same, with the pipeline in a file. */
export function chainCommand(
  { from, data, folder, home }: Pick<CommandParts, "from" | "folder" | "home"> & { readonly data: string | undefined },
  file = "pipeline.json",
): string {
  return [
    `lathe run --pipeline ${file}`,
    `--from ${quoted(from)}`,
    ...(data === undefined ? [] : [`--data ${quoted(data)}`]),
    `--project ${quotedFolder(folder, home)}`,
  ].join(" ");
}

/** An export as the command line that does the same, up to the folder that it writes; defaults are left out. */
export function exportCommand(
  choices: Readonly<Record<string, Json | undefined>>,
  { variant, folder, home }: { readonly variant: string } & Pick<CommandParts, "folder" | "home">,
): string {
  const { properties } = exportSchema() as {
    readonly properties: Readonly<Record<string, { readonly default?: Json }>>;
  };
  const changed = Object.entries(choices).filter(
    ([name, value]) => value !== undefined && JSON.stringify(properties[name]?.default) !== JSON.stringify(value),
  );
  return [
    `lathe export ${quoted(variant)}`,
    ...changed.flatMap(([name, value]) => flagsFor(flagName(name), value ?? null)),
    `--project ${quotedFolder(folder, home)}`,
  ].join(" ");
}

function flagsFor(flag: string, value: Json): string[] {
  if (typeof value === "boolean") return [value ? `--${flag}` : `--no-${flag}`];
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => `--${flag} ${quoted(plain(item))}`);
  return [`--${flag} ${quoted(plain(value))}`];
}

function plain(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function quotedFolder(folder: string, home: string): string {
  const below = home.length > 1 && folder.startsWith(`${home}/`) ? folder.slice(home.length + 1) : undefined;
  return below === undefined ? quoted(folder) : `~/${quoted(below)}`;
}

/** As a POSIX shell takes it. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
