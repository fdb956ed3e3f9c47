import { useCallback } from "react";
import { useEngine } from "../client/engine.ts";
import { failureOf } from "../client/failure.ts";
import { paths, useGo } from "../kit/navigation.ts";
import { toast } from "../kit/toast.ts";
import { importRequest } from "./imports.ts";

/**
 * Takes dropped files: a model or data into the open project, a project folder anywhere. Only the desktop knows where
 * a dropped file lies, so in a browser there is nothing to drop.
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
          go(paths.overview((await client.projects.open({ place })).id));
        } catch (thrown) {
          await toast(failureOf(thrown).message, { tone: "bad" });
        }
      }
    },
    [client, desktop, go, project],
  );
  return desktop === undefined ? undefined : (files) => void take(files);
}
