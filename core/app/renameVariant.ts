import { LatheError } from "../base/error.ts";
import type { Variant } from "../contract/project.ts";
import { checkName, findVariant, type Project } from "./project.ts";

/** Gives a variant another name. @throws not-found, already-exists, invalid-argument, read-only */
export function renameVariant(project: Project, reference: string, name: string): Variant {
  const variant = findVariant(project, reference);
  checkName(name);
  if (project.store.variants().some((v) => v.id !== variant.id && v.name === name)) {
    throw new LatheError("already-exists", `The project already has a variant called "${name}".`, {
      hint: "Choose another name.",
    });
  }
  const renamed = { ...variant, name };
  project.store.updateVariant(renamed);
  return renamed;
}
