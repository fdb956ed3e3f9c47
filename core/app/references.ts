import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { LatheError } from "../base/error.ts";
import type { Json } from "../base/json.ts";
import type { MethodInfo } from "../contract/method.ts";
import type { Variant } from "../contract/project.ts";
import type { Model } from "../graph/model.ts";
import { refuseNan } from "../graph/nanConstants.ts";
import { loadTensors, readModel } from "../onnx/read.ts";
import { importModel } from "./importModel.ts";
import { withModelFile } from "./modelFiles.ts";
import { findVariant, type Project, type Work } from "./project.ts";

/** Names of a method's parameters that name variants. */
export function referencesOf({ params }: MethodInfo): readonly string[] {
  const properties = (params["properties"] ?? {}) as Readonly<
    Record<string, { readonly reference?: unknown } | undefined>
  >;
  return Object.keys(properties).filter((name) => properties[name]?.reference === "variant");
}

/**
 * Puts the SHA-256 of a model in the place of every name that a parameter gives: of a variant by id, name or hash, or of
 * an ONNX file, which is brought into the project unless its model is there already. `later` are names of variants that
 * are still to be made; they stay as they are.
 * @throws not-found where there is neither a variant nor a file of that name
 */
export async function resolveReferences(
  project: Project,
  { info, params }: { readonly info: MethodInfo; readonly params: Readonly<Record<string, Json>> },
  { later = [], ...work }: Work & { readonly later?: readonly string[] },
): Promise<Record<string, Json>> {
  const found = { ...params };
  const one = async (value: Json): Promise<Json> => {
    if (typeof value !== "string" || value === "" || later.includes(value)) return value;
    return (await referenced(project, value, work)).model.sha256;
  };
  for (const name of referencesOf(info)) {
    const value = found[name];
    if (value === undefined) continue;
    found[name] = Array.isArray(value) ? await Promise.all((value as readonly Json[]).map(one)) : await one(value);
  }
  return found;
}

async function referenced(project: Project, reference: string, work: Work): Promise<Variant> {
  try {
    return findVariant(project, reference);
  } catch (thrown) {
    const path = resolve(reference);
    if ((await project.host.files.info(path))?.kind !== "file") throw thrown;
    const sha256 = createHash("sha256")
      .update(await project.host.files.read(path))
      .digest("hex");
    const known = project.store.variants().find((v) => v.model.sha256 === sha256);
    return known ?? (await importModel(project, path, work));
  }
}

/**
 * The model of a variant with that SHA-256, constants in memory.
 * @throws not-found, integrity, numeric
 */
export async function openReferenced(project: Project, sha256: string): Promise<Model> {
  const variant = project.store.variants().find((v) => v.model.sha256 === sha256);
  if (variant === undefined) {
    throw new LatheError("not-found", `There is no variant with the model "${sha256}" in this project.`, {
      hint: "Import it, or name another one.",
    });
  }
  const { host } = project;
  return withModelFile(project, variant, async (path) => {
    const model = await loadTensors(await readModel(path, host), host);
    refuseNan(model, `"${variant.name}" cannot take part`);
    return model;
  });
}
