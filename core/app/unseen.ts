import { LatheError } from "../base/error.ts";
import type { SplitName } from "../contract/dataset.ts";
import type { Variant } from "../contract/project.ts";
import { checkDisjoint, planSplits } from "../data/splits.ts";
import type { Project } from "./project.ts";
import { dataFingerprint, type OpenedData } from "./projectData.ts";

/**
 * Refuses to score a variant on samples that it, or a variant it came from, was calibrated on: the same samples may
 * have been imported twice and split differently.
 * @throws invalid-data naming the variant and the two data sets
 */
export function checkUnseen(
  project: Project,
  variant: Variant,
  { data, split }: { readonly data: OpenedData; readonly split: SplitName },
): void {
  const twins = project.store
    .data()
    .filter((d) => d.id !== data.data.id && d.info.fingerprint === data.data.info.fingerprint);
  if (twins.length === 0) return;
  const used = calibrationsOf(project, variant);
  for (const twin of twins) {
    const splits = planSplits(data.dataset, twin.splits);
    if (!used.has(dataFingerprint(twin, splits))) continue;
    try {
      checkDisjoint(splits.calibration, data.splits[split], split);
    } catch (cause) {
      throw new LatheError(
        "invalid-data",
        `"${variant.name}" was calibrated on samples of "${twin.name}" that are in the ${split} split of "${data.data.name}".`,
        {
          hint: `Measure it on "${twin.name}" (--data ${twin.name}), or make it again from "${data.data.name}".`,
          cause,
        },
      );
    }
  }
}

/** Fingerprints of the data that a variant's recipes read, back to the import. */
function calibrationsOf(project: Project, variant: Variant): ReadonlySet<string> {
  const all = new Map(project.store.variants().map((v) => [v.id, v]));
  const used = new Set<string>();
  for (let v: Variant | undefined = variant; v !== undefined; v = v.parent === null ? undefined : all.get(v.parent)) {
    if (v.recipe?.data !== undefined) used.add(v.recipe.data);
  }
  return used;
}
