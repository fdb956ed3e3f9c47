import { useCallback } from "react";
import type { Place } from "../../core/contract/place.ts";
import type { EngineClient } from "../../core/contract/procedures.ts";
import { useEngine } from "../client/engine.ts";
import { failureOf } from "../client/failure.ts";
import { paths, useGo } from "../kit/navigation.ts";
import { toast } from "../kit/toast.ts";
import { importRequest } from "./imports.ts";

/**
 * Takes dropped files: a model, data or a folder of data into the open project, a project's folder anywhere. Only the
 * desktop knows where a dropped file lies, so in a browser there is nothing to drop.
 */
export function useDrop(project: string | undefined): ((files: readonly File[]) => void) | undefined {
  const { client, desktop } = useEngine();
  const go = useGo();
  const take = useCallback(
    async (files: readonly File[]): Promise<void> => {
      const [file] = files;
      const place = file && (await desktop?.placeOf(file));
      if (file === undefined || place === undefined) return;
      if (/\.onnx$/i.test(file.name) && project !== undefined)
        importRequest.set({ project, kind: "model", chosen: { place, name: file.name } });
      else if (project !== undefined && /\.(npy|npz|csv|tsv|bin)$/i.test(file.name))
        importRequest.set({ project, kind: "data", chosen: { place, name: file.name } });
      else {
        try {
          if (project !== undefined && (await isPlainFolder(client, place)))
            importRequest.set({ project, kind: "data", chosen: { place, name: file.name } });
          else go(paths.overview((await client.projects.open({ place })).id));
        } catch (thrown) {
          await toast(failureOf(thrown).message, { tone: "bad" });
        }
      }
    },
    [client, desktop, go, project],
  );
  return desktop === undefined ? undefined : (files) => void take(files);
}

/** Whether it is a folder, and not a project's. */
async function isPlainFolder(client: EngineClient, place: Place): Promise<boolean> {
  const entries = await client.files.list({ place }).then(
    (folder) => folder.entries,
    () => undefined,
  );
  return entries !== undefined && !entries.some((entry) => entry.name === "project.sqlite");
}
