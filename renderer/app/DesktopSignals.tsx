import { useEffect, useRef } from "react";
import type { JobState } from "../../core/contract/jobs.ts";
import { useEngine } from "../client/engine.ts";
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
  const before = useRef<ReadonlyMap<string, JobState>>(new Map());
  useEffect(() => {
    for (const { job } of jobs ?? []) {
      const was = before.current.get(job.id);
      if (was !== "running" || was === job.state) continue;
      if (job.state === "done") desktop?.notify(job.title, "Done.", paths.jobs(project ?? "", job.id));
      else if (job.state === "failed")
        desktop?.notify(job.title, job.failure?.message ?? "Failed.", paths.jobs(project ?? "", job.id));
    }
    before.current = new Map(jobs?.map((v) => [v.job.id, v.job.state]));
  }, [desktop, jobs, project]);
  const isWorking = jobs?.some((v) => v.job.state === "running" || v.job.state === "queued") ?? false;
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
