import { resolve } from "node:path";
import type { Host } from "../base/host.ts";
import type { Model } from "../graph/model.ts";
import { openForPruning } from "../methods/pruned.ts";
import { loadTensors, readModel } from "../onnx/read.ts";
import { explainGroup, printGroup, type GroupExplanation } from "../transform/channels/explain.ts";
import { channelGroups } from "../transform/channels/groups.ts";
import { withModelFile } from "./modelFiles.ts";
import { findVariant, type Project } from "./project.ts";

/** What stands and falls together in a model's weights. */
export interface InspectedGroups {
  readonly groups: readonly GroupExplanation[];
  readonly text: string;
}

/** The groups of channels of a model file. Runs the model for the shapes of its values. */
export async function inspectFileGroups(path: string, host: Host, signal: AbortSignal): Promise<InspectedGroups> {
  return groupsOf(await readModel(resolve(path), host), host, signal);
}

/** The groups of channels of a variant. */
export function inspectVariantGroups(
  project: Project,
  reference: string,
  signal: AbortSignal,
): Promise<InspectedGroups> {
  return withModelFile(project, findVariant(project, reference), async (path) =>
    groupsOf(await readModel(path, project.host), project.host, signal),
  );
}

async function groupsOf(model: Model, host: Host, signal: AbortSignal): Promise<InspectedGroups> {
  const { model: ready, shapes } = await openForPruning(await loadTensors(model, host), { host, signal });
  const { groups } = channelGroups(ready, shapes.values);
  const text =
    groups.length === 0 ? "There are no groups: no layer's channels are known." : groups.map(printGroup).join("\n\n");
  return { groups: groups.map(explainGroup), text };
}
