import { LatheError } from "../base/error.ts";
import type { CalibrationPick, SplitName } from "../contract/dataset.ts";
import type { ProjectData, Variant } from "../contract/project.ts";
import { loadCatalogue } from "../methods/catalogue.ts";
import { checkDisjoint, pickOf, planSplits } from "../data/splits.ts";
import type { Project } from "./project.ts";
import { dataFingerprint, picked, type OpenedData } from "./projectData.ts";

/**
 * Refuses to score a variant on samples that it, or a variant it came from, was calibrated or trained on: the same
 * samples may have been imported twice and split differently, and calibration may have been drawn from another split.
 * @throws invalid-data naming the variant and the two data sets
 */
export async function checkUnseen(
  project: Project,
  variant: Variant,
  { data, split }: { readonly data: OpenedData; readonly split: SplitName },
): Promise<void> {
  const imports = project.store.data().filter((d) => d.info.fingerprint === data.data.info.fingerprint);
  for (const { use, fingerprint, calibration } of await usesOf(project, variant)) {
    for (const twin of imports.map((d) => picked(d, calibration))) {
      if (!hasEnough(data, twin)) continue;
      const splits = planSplits(data.dataset, twin.splits);
      if (dataFingerprint(twin, splits) !== fingerprint) continue;
      try {
        checkDisjoint(splits[use], data.splits[split], split);
      } catch (cause) {
        throw seen(variant, { use, twin: twin.name, split, name: data.data.name, cause });
      }
    }
  }
}

/** Whether an import has the samples to calibrate on that it would have had to give. */
function hasEnough({ dataset }: OpenedData, { splits }: ProjectData): boolean {
  const { from, samples } = pickOf(splits);
  return planSplits(dataset, { ...splits, calibration: 0 })[from].length >= samples;
}

interface Seen {
  readonly use: Use["use"];
  readonly twin: string;
  readonly split: SplitName;
  readonly name: string;
  readonly cause: unknown;
}

function seen(variant: Variant, { use, twin, split, name, cause }: Seen): LatheError {
  const what = use === "train" ? "trained" : "calibrated";
  return new LatheError(
    "invalid-data",
    `"${variant.name}" was ${what} on samples of "${twin}" that are in the ${split} split of "${name}".`,
    {
      hint:
        twin === name
          ? "Measure it on another split, or calibrate on other samples and make it again."
          : `Measure it on "${twin}" (--data ${twin}), or make it again from "${name}".`,
      cause,
    },
  );
}

interface Use {
  readonly use: "train" | "calibration";
  readonly fingerprint: string;
  readonly calibration: CalibrationPick | undefined;
}

/** The data that a variant's recipes read, back to the import, with the split that was used. */
async function usesOf(project: Project, variant: Variant): Promise<readonly Use[]> {
  const all = new Map(project.store.variants().map((v) => [v.id, v]));
  const catalogue = await loadCatalogue();
  const used: Use[] = [];
  for (let v: Variant | undefined = variant; v !== undefined; v = v.parent === null ? undefined : all.get(v.parent)) {
    const { data: fingerprint, calibration, method = "", params = {} } = v.recipe ?? {};
    if (fingerprint === undefined) continue;
    // Quantisers only calibrate, unless they train; all others that read data train.
    const isQuantizer = catalogue.get(method)?.info.family === "quantize";
    const trains = !isQuantizer || Number(params["epochs"]) > 0;
    for (const use of trains ? (["train", "calibration"] as const) : (["calibration"] as const)) {
      if (!used.some((u) => u.use === use && u.fingerprint === fingerprint))
        used.push({ use, fingerprint, calibration });
    }
  }
  return used;
}
