import { randomBytes } from "node:crypto";
import { copyFile, link, mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve, sep } from "node:path";
import { throwIfCancelled } from "../base/cancel.ts";
import { LatheError, toLatheError } from "../base/error.ts";
import type { Artifact, Variant } from "../contract/project.ts";
import type { Model } from "../graph/model.ts";
import { encodeModel, LARGEST_FILE } from "../onnx/encode.ts";
import { tensorsOf } from "../graph/tensors.ts";
import { writeModel } from "../onnx/write.ts";
import { isLost } from "../store/readVariant.ts";
import type { Project } from "./project.ts";

export type StoredModel = Pick<Variant, "model" | "external" | "damage">;

/**
 * Hands a variant's verified model file to `use`. A model with external data is laid out as a folder, with hard
 * links where the file system has them, which is gone afterwards.
 * @throws integrity, invalid-project
 */
export async function withModelFile<T>(
  project: Project,
  stored: StoredModel,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const { artifacts, canWrite, folder } = project.store;
  const external = Object.entries(stored.external);
  if (isLost(stored)) {
    throw new LatheError("invalid-project", `The variant cannot be used. ${stored.damage ?? ""}`, {
      hint: "Use another variant, or import its model again under another name.",
    });
  }
  await artifacts.verify(stored.model);
  for (const [, artifact] of external) await artifacts.verify(artifact);
  if (external.length === 0) return use(artifacts.path(stored.model));
  const scratch = project.scratch ?? (canWrite ? join(folder, "work") : tmpdir());
  const layout = join(scratch, `lathe-${randomBytes(6).toString("hex")}`);
  try {
    await place(artifacts.path(stored.model), join(layout, "model.onnx"));
    for (const [location, artifact] of external) await place(artifacts.path(artifact), within(layout, location));
    return await use(join(layout, "model.onnx"));
  } finally {
    await rm(layout, { recursive: true, force: true });
  }
}

/** Like `withModelFile` for several at once. */
export async function withModelFiles<T>(
  project: Project,
  variants: readonly Variant[],
  use: (paths: ReadonlyMap<string, string>) => Promise<T>,
): Promise<T> {
  const paths = new Map<string, string>();
  const next = (i: number): Promise<T> => {
    const variant = variants[i];
    if (variant === undefined) return use(paths);
    return withModelFile(project, variant, (path) => {
      paths.set(variant.id, path);
      return next(i + 1);
    });
  };
  return next(0);
}

/** A project may come from anywhere, and its records with it. */
export function within(folder: string, location: string): string {
  const path = resolve(folder, location);
  if (path.startsWith(folder + sep)) return path;
  throw new LatheError("invalid-project", `A variant names external data outside its folder: "${location}".`, {
    hint: "Do not use this project; its records were tampered with.",
  });
}

async function place(source: string, target: string): Promise<void> {
  try {
    await mkdir(dirname(target), { recursive: true });
    await link(source, target).catch(() => copyFile(source, target));
  } catch (thrown) {
    throw toLatheError(thrown, `Writing "${target}"`);
  }
}

/** Puts a model into the project's artefacts. Nothing refers to it until a variant's record does. */
export async function storeModel(project: Project, model: Model, signal: AbortSignal): Promise<StoredModel> {
  const { artifacts, folder } = project.store;
  throwIfCancelled(signal);
  if (fitsOneFile(model)) return { model: await artifacts.putBytes(encodeModel(model), signal), external: {} };
  const { files } = project.host;
  const work = join(folder, "work", `lathe-${randomBytes(6).toString("hex")}`);
  try {
    await files.makeFolder(work);
    const path = join(work, "model.onnx");
    const written = await writeModel(model, path, { host: project.host, signal });
    const external: Record<string, Artifact> = {};
    if (written.externalSize > 0) external["model.onnx.data"] = await artifacts.putFile(`${path}.data`, signal);
    return { model: await artifacts.putFile(path, signal), external };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function fitsOneFile(model: Model): boolean {
  let total = 0;
  for (const { data } of tensorsOf(model)) {
    if (data.kind === "external") return false;
    if (data.kind === "bytes") total += data.bytes.byteLength;
  }
  // Nodes, names and shapes need their share.
  return total < LARGEST_FILE - 2 ** 27;
}

/** Bytes of a model on disk, external data included. */
export function storedBytes({ model, external }: StoredModel): number {
  return Object.values(external).reduce((sum, { bytes }) => sum + bytes, model.bytes);
}
