import type { Layer } from "../../contract/measurement.ts";
import { countCosts } from "../../measure/costs.ts";
import { profileLayers } from "../../measure/layers.ts";
import { findShapes } from "../../measure/shapes.ts";
import { loadTensors, readModel } from "../../onnx/read.ts";
import { answer } from "../../runtime/child.ts";
import { nodeHost } from "../nodeHost.ts";
import type { ProfileTask } from "./profile.ts";

answer(async ({ path, times }: ProfileTask): Promise<readonly Layer[]> => {
  const model = await loadTensors(await readModel(path, nodeHost), nodeHost);
  const shapes = await findShapes(model, { host: nodeHost });
  if (!times) return countCosts(model, shapes).layers;
  const profiled = await profileLayers(model, { session: { threads: 1 }, batch: 1, seed: 0, shapes, host: nodeHost });
  return countCosts(model, shapes, profiled.times).layers;
});
