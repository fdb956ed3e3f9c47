import { useEffect } from "react";
import { useEngine } from "../client/engine.ts";
import { endedJob, workingJobs } from "../client/events.ts";
import { useJobs } from "../client/queries.ts";
import { chosenKeys } from "../kit/commands.ts";
import { paths } from "../kit/navigation.ts";
import { keepAwake } from "../kit/power.ts";
import { useStore } from "../kit/store.ts";
import { working } from "./working.ts";

/** Tells the desktop how far the work is, and what has ended while nobody looked. */
export function DesktopSignals({ project }: { readonly project: string | undefined }): null {
  const { desktop } = useEngine();
  const { data: jobs } = useJobs(project);
  const current = useStore(working);
  const progress = jobs?.find((v) => v.job.state === "running")?.progress;
  const share =
    current?.state.share ??
    (progress !== undefined && progress.total > 0 ? Math.min(1, progress.done / progress.total) : undefined);
  useEffect(() => {
    desktop?.showProgress(share);
  }, [desktop, share]);
  useEffect(
    () =>
      endedJob.subscribe(() => {
        const ended = endedJob.get();
        if (ended === undefined) return;
        const { title, id, state, failure } = ended.job;
        desktop?.notify(
          title,
          state === "done" ? "Done." : (failure?.message ?? "Failed."),
          paths.jobs(ended.project, id),
        );
      }),
    [desktop],
  );
  const isWorking = useStore(workingJobs).size > 0;
  const isAwake = useStore(keepAwake) && isWorking;
  useEffect(() => {
    desktop?.keepAwake(isAwake);
  }, [desktop, isAwake]);
  const keys = useStore(chosenKeys);
  useEffect(() => {
    desktop?.showKeys(keys);
  }, [desktop, keys]);
  return null;
}
