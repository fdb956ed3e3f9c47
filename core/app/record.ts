import type { JobStepOutput } from "../contract/jobs.ts";
import type { Variant } from "../contract/project.ts";
import { freeName, nextId, type Project } from "./project.ts";

/**
 * Records the models that a run has made as variants, the main one first; all of them or none. A name that has been
 * taken since gets a number, so that no work is lost over it.
 * @throws read-only, disk-full
 */
export function recordOutput({ store }: Project, output: JobStepOutput): readonly Variant[] {
  const recorded: Variant[] = [];
  store.together(() => {
    for (const { suffix, ...made } of output.made) {
      const existing = store.variants();
      const main = recorded[0]?.name;
      const wish = main === undefined ? (output.name ?? output.recipe.method) : named(main, suffix);
      const variant: Variant = {
        id: nextId("v", existing),
        name: freeName(wish, existing),
        at: output.at,
        parent: output.from,
        recipe: output.recipe,
        ...made,
        measurements: null,
        engine: output.engine,
      };
      store.addVariant(variant);
      recorded.push(variant);
    }
  });
  return recorded;
}

function named(main: string, suffix: string): string {
  return /^[\s-]/.test(suffix) ? `${main}${suffix}` : `${main}-${suffix}`;
}
