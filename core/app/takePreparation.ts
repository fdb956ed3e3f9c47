import { LatheError } from "../base/error.ts";
import type { ProjectData } from "../contract/project.ts";
import { planSplits } from "../data/splits.ts";
import type { DataBrowser } from "./dataBrowser.ts";
import type { Project } from "./project.ts";
import { dataFingerprint, picked } from "./projectData.ts";

/**
 * Prepares a data set's samples in another of the ways that were tried at its import, from now on.
 * @throws not-found where there was no trial or no such way; invalid-argument where variants or jobs rest on the present
 * one; read-only
 */
export function takePreparation(project: Project, { opened }: DataBrowser, name: string): ProjectData {
  const { store } = project;
  store.checkWritable();
  const stored = store.data().find(({ id }) => id === opened.data.id) ?? opened.data;
  const trial = stored.preparation?.trial;
  const found = trial?.tried.find((tried) => tried.name.toLowerCase() === name.toLowerCase());
  if (stored.preparation === undefined || trial === undefined || found === undefined) {
    throw new LatheError("not-found", `There is no tried preparation "${name}" of data set "${stored.name}".`, {
      hint:
        trial === undefined
          ? "None was tried; import the data again with --preprocessing."
          : `Tried were ${trial.tried.map((tried) => `"${tried.name}"`).join(", ")}.`,
    });
  }
  if (found.name === trial.taken) return stored;
  refuseWhereUsed(project, stored, opened.dataset);
  const changed: ProjectData = {
    ...stored,
    preprocessing: found.preprocessing,
    preparation: { ...stored.preparation, by: "chosen", trial: { ...trial, taken: found.name } },
  };
  store.updateData(changed);
  return changed;
}

/** Recipes name the data with their preparation, and could not be run again. */
function refuseWhereUsed({ store }: Project, data: ProjectData, dataset: DataBrowser["opened"]["dataset"]): void {
  const hint = "Import the data again, under another name, with the other preparation.";
  const user = store.variants().find(({ recipe }) => {
    if (recipe?.data === undefined) return false;
    const own = picked(data, recipe.calibration);
    return recipe.data === dataFingerprint(own, planSplits(dataset, own.splits));
  });
  if (user !== undefined) {
    const text = `"${user.name}" was made with data set "${data.name}" as it is prepared now.`;
    throw new LatheError("invalid-argument", text, { hint });
  }
  const [job] = store.jobs.list(["queued", "running", "paused", "cancelling", "interrupted"]);
  if (job !== undefined)
    throw new LatheError("invalid-argument", `Job "${job.id}" may use data set "${data.name}" as it is now.`, { hint });
}
