import { LatheError } from "../base/error.ts";
import type { SplitName } from "../contract/dataset.ts";
import type { Variant } from "../contract/project.ts";
import { loadCatalogue } from "../methods/catalogue.ts";
import { checkDisjoint, planSplits } from "../data/splits.ts";
import type { Project } from "./project.ts";
import { dataFingerprint, type OpenedData } from "./projectData.ts";

/**
 * Refuses to score a variant on samples that it, or a variant it came from, was calibrated or trained on: the same
 * samples may have been imported twice and split differently.
 * @throws invalid-data naming the variant and the two data sets
 */
export async function checkUnseen(
  project: Project,
  variant: Variant,
  { data, split }: { readonly data: OpenedData; readonly split: SplitName },
): Promise<void> {
  const twins = project.store
    .data()
    .filter((d) => d.id !== data.data.id && d.info.fingerprint === data.data.info.fingerprint);
  if (twins.length === 0) return;
  const used = await usesOf(project, variant);
  for (const twin of twins) {
    const splits = planSplits(data.dataset, twin.splits);
    const use = used.get(dataFingerprint(twin, splits));
    if (use === undefined) continue;
    try {
      checkDisjoint(splits[use], data.splits[split], split);
    } catch (cause) {
      throw new LatheError(
        "invalid-data",
        `"${variant.name}" was ${use === "train" ? "trained" : "calibrated"} on samples of "${twin.name}" that are in the ${split} split of "${data.data.name}".`,
        {
          hint: `Measure it on "${twin.name}" (--data ${twin.name}), or make it again from "${data.data.name}".`,
          cause,
        },
      );
    }
  }
}

/** The data that a variant's recipes read, back to the import: fingerprint → the split that was used. */
async function usesOf(project: Project, variant: Variant): Promise<ReadonlyMap<string, "train" | "calibration">> {
  const all = new Map(project.store.variants().map((v) => [v.id, v]));
  const catalogue = await loadCatalogue();
  const used = new Map<string, "train" | "calibration">();
  for (let v: Variant | undefined = variant; v !== undefined; v = v.parent === null ? undefined : all.get(v.parent)) {
    const { data, method = "", params = {} } = v.recipe ?? {};
    // Calibration samples are drawn from the train split, so having trained covers both.
    if (data === undefined || used.get(data) === "train") continue;
    // Quantisers only calibrate, unless they train; all others that read data train.
    const isQuantizer = catalogue.get(method)?.info.family === "quantize";
    used.set(data, isQuantizer && !(Number(params["epochs"]) > 0) ? "calibration" : "train");
  }
  return used;
}
