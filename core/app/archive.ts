import { LatheError } from "../base/error.ts";
import type { Variant } from "../contract/project.ts";
import { findVariant, type Project } from "./project.ts";

/**
 * Puts a variant out of sight, or back. It stays in the project with all that was measured, and what was made from it
 * does too.
 * @throws not-found, read-only; invalid-argument for the baseline, which everything is compared with
 */
export function archiveVariant(project: Project, reference: string, isArchived: boolean): Variant {
  const { store, host } = project;
  const { archivedAt: _, ...variant } = findVariant(project, reference);
  if (isArchived && store.settings.baseline === variant.id) {
    throw new LatheError("invalid-argument", `"${variant.name}" is the baseline and cannot be archived.`, {
      hint: "Make another variant the baseline first.",
    });
  }
  const changed = { ...variant, ...(isArchived && { archivedAt: host.clock.now() }) };
  store.updateVariant(changed);
  return changed;
}

/** The variants that are not archived. */
export function presentVariants({ store }: Project): readonly Variant[] {
  return store.variants().filter((v) => v.archivedAt === undefined);
}
