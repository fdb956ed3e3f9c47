import { join } from "node:path";
import { importData } from "../app/projectData.ts";
import { importModel } from "../app/importModel.ts";
import type { Work } from "../app/project.ts";
import type { ProjectView } from "../contract/views.ts";
import type { Engine } from "./engine.ts";

/** Opens the sample project; the first time, and where an earlier try was stopped, brings in its model and data. */
export async function openSample(engine: Engine, work: Work): Promise<ProjectView> {
  const folder = join(engine.home, "Fashion-MNIST sample");
  const isThere = (await engine.host.files.info(join(folder, "project.sqlite"))) !== undefined;
  const view = isThere
    ? await engine.projects.open(folder)
    : await engine.projects.create(folder, "Fashion-MNIST sample");
  const project = await engine.projects.get(view.id);
  if (project.store.canWrite && project.store.variants().length === 0)
    await importModel(project, join(engine.sample, "model.onnx"), { ...work, name: "fashion-mnist" });
  if (project.store.canWrite && project.store.data().length === 0) await importData(project, engine.sample, work);
  return engine.projects.view(view.id);
}
