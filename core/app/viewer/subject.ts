import type { Layer } from "../../contract/measurement.ts";
import type { Variant } from "../../contract/project.ts";
import { withModelFile } from "../modelFiles.ts";
import { findVariant, type Project } from "../project.ts";
import { tellOf } from "../told.ts";
import type { NodeFacts } from "./figures.ts";
import type { ModelFile } from "./opened.ts";
import type { Subject } from "./tasks.ts";

/** What a page looks at. */
export interface Looking {
  readonly variant: string;
  /** The variant in whose blocks it is shown. */
  readonly reference?: string | undefined;
  /** Where it is the reference: variants that are shown beside it. */
  readonly others?: readonly string[] | undefined;
}

/** Content of a variant's model, external data included. */
export function contentKey({ model, external }: Variant): string {
  return [model.sha256, ...Object.entries(external).map(([at, { sha256 }]) => `${at}=${sha256}`)].join(" ");
}

/**
 * Lays the models of a question out as files while `use` runs.
 * @param profiled layers by content, of models that were run without being measured
 */
export async function withSubject<T>(
  project: Project,
  { variant: id, reference, others = [] }: Looking,
  options: { readonly profiled: ReadonlyMap<string, readonly Layer[]>; use(subject: Subject): Promise<T> },
): Promise<T> {
  const variant = findVariant(project, id);
  const facts = await factsOf(variant, options.profiled);
  const asked = [
    ...(reference === undefined || reference === id ? [] : [reference]),
    ...others.filter((o) => o !== id),
  ];
  const files: ModelFile[] = [];
  const next = (rest: readonly string[]): Promise<T> => {
    const [first, ...more] = rest;
    if (first === undefined) {
      const [file, ...besides] = files;
      const isBeside = reference !== undefined && reference !== id;
      return options.use({
        file: file!,
        facts,
        ...(isBeside && { reference: besides[0]! }),
        others: isBeside ? [] : besides,
      });
    }
    const found = findVariant(project, first);
    return withModelFile(project, found, (path) => {
      files.push({ key: contentKey(found), path, name: found.name, bytes: found.model.bytes });
      return next(more);
    });
  };
  return next([id, ...asked]);
}

/** What was measured of a variant's nodes, and what its method found out. */
async function factsOf(variant: Variant, profiled: ReadonlyMap<string, readonly Layer[]>): Promise<NodeFacts> {
  return {
    layers: profiled.get(contentKey(variant)) ?? variant.measurements?.layers ?? [],
    found: (await tellOf(variant)).layers,
  };
}
