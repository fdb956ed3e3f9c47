import { toLatheError } from "../base/error.ts";
import type { CalibrationPick, SplitName } from "../contract/dataset.ts";
import type { ProjectData } from "../contract/project.ts";
import type { CalibrationReport } from "../contract/samples.ts";
import { checkDisjoint, planSplits, withPick } from "../data/splits.ts";
import type { DataBrowser } from "./dataBrowser.ts";
import type { Project, Work } from "./project.ts";

/** Fewer samples than this give unsteady ranges. */
const FEW = 100;
const EVALUATING = ["validation", "test"] as const satisfies readonly SplitName[];

/**
 * What calibrating on some samples would mean: which they are, how the classes are spread, and which of them, or copies
 * of which, also evaluate. Nothing is changed.
 * @throws invalid-argument where the split has too few samples
 */
export async function tryCalibration(
  { opened, contents }: DataBrowser,
  pick: CalibrationPick,
  { signal, emit }: Work,
): Promise<CalibrationReport> {
  const { dataset, data } = opened;
  const splits = planSplits(dataset, withPick(data.splits, pick));
  const { calibration } = splits;
  emit({ kind: "stage", name: "Looking for samples that also evaluate" });
  const leaks: CalibrationReport["leaks"] = [];
  for (const split of EVALUATING) {
    const evaluates = new Set(splits[split]);
    const same = calibration.filter((index) => evaluates.has(index)).length;
    const copies = await contents.copies(calibration, splits[split], {
      signal,
      progress: (done, total) => emit({ kind: "progress", done, total, unit: "samples" }),
    });
    if (same + copies > 0) leaks.push({ split, same, copies });
  }
  const classes = classesOf(dataset.info.classes, { labels: dataset.labels, calibration, source: splits[pick.from] });
  const missing = classes.filter((c) => c.picked === 0 && c.available > 0).length;
  const few = `${pick.samples} samples are few; ${FEW} or more give steadier ranges.`;
  const absent = `${missing} of ${classes.length} classes have no sample among them.`;
  const refusal = refusalOf(splits);
  return {
    pick,
    samples: [...calibration],
    classes,
    leaks,
    warnings: [...(pick.samples < FEW ? [few] : []), ...(missing > 0 ? [absent] : [])],
    ...(refusal !== undefined && { refusal }),
  };
}

/** Accuracy is measured on test, so what is in it may not calibrate. */
function refusalOf({ calibration, test }: { calibration: Int32Array; test: Int32Array }): string | undefined {
  try {
    checkDisjoint(calibration, test);
    return undefined;
  } catch (thrown) {
    const { message, hint = "" } = toLatheError(thrown);
    return `${message} ${hint}`;
  }
}

interface Picked {
  readonly labels: Int32Array | undefined;
  readonly calibration: Int32Array;
  readonly source: Int32Array;
}

function classesOf(
  names: readonly string[] | undefined,
  { labels, calibration, source }: Picked,
): CalibrationReport["classes"] {
  if (names === undefined || labels === undefined) return [];
  const classes = names.map((name) => ({ class: name, picked: 0, available: 0 }));
  for (const index of source) classes[labels[index]!]!.available += 1;
  for (const index of calibration) classes[labels[index]!]!.picked += 1;
  return classes;
}

/**
 * Decides which samples calibrate from now on. Recipes that were made before keep the ones that they name.
 * @throws invalid-argument where the split has too few samples, or where they also evaluate; read-only
 */
export function chooseCalibration(project: Project, { opened }: DataBrowser, pick: CalibrationPick): ProjectData {
  const { store } = project;
  store.checkWritable();
  const plan = withPick(opened.data.splits, pick);
  const splits = planSplits(opened.dataset, plan);
  checkDisjoint(splits.calibration, splits.test);
  const stored = store.data().find((d) => d.id === opened.data.id) ?? opened.data;
  const changed = { ...stored, splits: plan };
  store.updateData(changed);
  return changed;
}
