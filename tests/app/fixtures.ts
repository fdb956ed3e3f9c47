import { join } from "node:path";
import type { Work } from "../../core/app/project.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { createProject, type Project } from "../../core/app/project.ts";
import { importData } from "../../core/app/projectData.ts";
import { importModel } from "../../core/app/importModel.ts";
import type { Host } from "../../core/base/host.ts";
import { temporaryFolder } from "../store/fixtures.ts";
import { writeInputs } from "./tiny.ts";

export { temporaryFolder } from "../store/fixtures.ts";
export { tinyModel, writeInputs } from "./tiny.ts";

export function quietWork(signal = new AbortController().signal): Work {
  return { signal, emit: () => undefined };
}

/** A project with the tiny model and its data. The caller closes it. */
export async function tinyProject(
  host: Host = nodeHost,
): Promise<{ readonly project: Project; readonly folder: string }> {
  const folder = temporaryFolder();
  const { modelFile, dataFolder } = writeInputs(folder);
  const project = await createProject(join(folder, "project"), {}, host);
  await importModel(project, modelFile, quietWork());
  await importData(project, dataFolder, { ...quietWork(), preprocessing: "zero-one", splits: { calibration: 48 } });
  return { project, folder };
}
