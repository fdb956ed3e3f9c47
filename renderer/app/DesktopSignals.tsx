import { useEffect, useRef } from "react";
import type { JobState } from "../../core/contract/jobs.ts";
import { useEngine } from "../client/engine.ts";
import { useJobs } from "../client/queries.ts";
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
      if (job.state === "done") desktop?.notify(job.title, "Done.");
      else if (job.state === "failed") desktop?.notify(job.title, job.failure?.message ?? "Failed.");
    }
    before.current = new Map(jobs?.map((v) => [v.job.id, v.job.state]));
  }, [desktop, jobs]);
  return null;
}
