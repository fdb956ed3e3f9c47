import { basename, resolve } from "node:path";
import { LatheError, toLatheError } from "../base/error.ts";
import type { Host } from "../base/host.ts";
import type { Emit } from "../contract/event.ts";
import type { ProjectData, ProjectSettings, Variant } from "../contract/project.ts";
import { createStore, openStore, type ProjectStore } from "../store/store.ts";

/** An opened project and the machine it is used on. */
export interface Project {
  readonly store: ProjectStore;
  readonly host: Host;
  /** Folder for what is laid out for a moment; default: one of the project where that can be written. */
  readonly scratch?: string;
}

/** What long work is given besides its input: how to stop it, and whom to tell. */
export interface Work {
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

export interface CreateProjectOptions {
  /** Default: the folder's name. */
  readonly name?: string | undefined;
}

/** Makes a new, empty project in a folder. @throws already-exists, read-only, disk-full */
export async function createProject(folder: string, options: CreateProjectOptions, host: Host): Promise<Project> {
  const path = resolve(folder);
  const settings: ProjectSettings = { name: options.name ?? basename(path), task: "classification", baseline: null };
  const store = await createStore(path, settings, host);
  await writeOpener(path, host);
  return { store, host };
}

/** The file in a project's folder that systems open with Lathe; what it says is for people. */
export const OPENER = "project.lathe";

async function writeOpener(folder: string, { files, log }: Host): Promise<void> {
  try {
    const writer = await files.create(files.join(folder, OPENER));
    try {
      await writer.write(new TextEncoder().encode("A project of Lathe. Open this file, or its folder, with Lathe.\n"));
      await writer.commit();
    } finally {
      await writer.discard();
    }
  } catch (thrown) {
    // The project is whole without it.
    log.write("warning", toLatheError(thrown).message);
  }
}

/** Opens the project of a folder. @throws not-found, locked, read-only, newer-version, invalid-project */
export async function openProject(folder: string, mode: "read" | "write", host: Host): Promise<Project> {
  return { store: await openStore(resolve(folder), { mode }, host), host };
}

/**
 * The variant that a person means: by id, by name, or by the first letters (six or more) of its model's SHA-256.
 * @throws not-found naming those that exist
 */
export function findVariant(project: Project, reference: string): Variant {
  const variants = project.store.variants();
  const found =
    variants.find((v) => v.id === reference || v.name === reference) ??
    (reference.length >= 6 ? variants.find((v) => v.model.sha256.startsWith(reference)) : undefined);
  if (found !== undefined) return found;
  throw new LatheError("not-found", `There is no variant "${reference}" in this project.`, {
    hint:
      variants.length === 0
        ? "Import a model first: lathe import model FILE."
        : `Variants: ${variants.map((v) => v.name).join(", ")}.`,
  });
}

/** The variant of an id. @throws not-found */
export function variantOf({ store }: Project, id: string): Variant {
  const found = store.variants().find((v) => v.id === id);
  if (found !== undefined) return found;
  throw new LatheError("not-found", `There is no variant "${id}" in this project.`, {
    hint: "It has been removed; run again what made it.",
  });
}

/** The variant that others are compared with. @throws not-found in a project without models */
export function baselineOf(project: Project): Variant {
  const { baseline } = project.store.settings;
  if (baseline !== null) return findVariant(project, baseline);
  throw new LatheError("not-found", "This project has no model yet.", {
    hint: "Import one first: lathe import model FILE.",
  });
}

/** Makes another variant the one that all are compared with. @throws not-found, read-only */
export function pinBaseline({ store, host }: Project, reference: string): Variant {
  const variant = findVariant({ store, host }, reference);
  store.saveSettings({ ...store.settings, baseline: variant.id });
  return variant;
}

/** How many samples a data set has to train on, roughly: its files may say something else. */
export function trainingSamples({ info, splits: { train, validation, test } }: ProjectData): number {
  return Math.round((info.count * train) / (train + validation + test || 1));
}

/** The data set of a name or id; without one, the newest. Undefined where the project has none. */
export function findData(project: Project, reference: string | undefined): ProjectData | undefined {
  const all = project.store.data();
  if (reference === undefined) return all.at(-1);
  const found = all.find((d) => d.id === reference || d.name === reference);
  if (found !== undefined) return found;
  throw new LatheError("not-found", `There is no data set "${reference}" in this project.`, {
    hint:
      all.length === 0
        ? "Import one first: lathe import data PATH."
        : `Data sets: ${all.map((d) => d.name).join(", ")}.`,
  });
}

/** `wish`, or `wish-2`, `wish-3` … where that is taken. A name that the user chose is never changed. */
export function freeName(wish: string, taken: readonly { readonly name: string }[]): string {
  const names = new Set(taken.map((t) => t.name));
  let name = wish;
  for (let n = 2; names.has(name); n++) name = `${wish}-${n}`;
  return name;
}

/** The next of v1, v2 … (or d1, d2 …). */
export function nextId(prefix: "v" | "d", taken: readonly { readonly id: string }[]): string {
  const highest = Math.max(0, ...taken.map((t) => Number(t.id.slice(1)) || 0));
  return `${prefix}${highest + 1}`;
}

/** Names are shown, typed and become file names: no control characters, slashes or leading dashes. */
export function checkName(name: string): string {
  if (name.length > 0 && name.length <= 100 && !/[\p{Cc}\p{Cf}/\\]|^[-.\s]|\s$/u.test(name)) return name;
  throw new LatheError("invalid-argument", `"${name}" cannot be a name.`, {
    hint: "Use up to 100 letters, digits, dots, dashes and spaces, without slashes, starting with a letter or digit.",
  });
}

/** A file name as a variant's name. */
export function nameFromFile(path: string): string {
  const plain = basename(path).replace(/\.(onnx|ort|pb)$/i, "");
  const safe = plain
    .replace(/[\p{Cc}\p{Cf}/\\]/gu, "")
    .replace(/^[-.\s]+|\s+$/g, "")
    .slice(0, 90);
  return safe === "" ? "model" : safe;
}
