import { ProgressBar } from "@blueprintjs/core";
import type { ReactElement } from "react";
import type { JobView } from "../../../core/contract/run.ts";

/** How far a running job is: its stage, and a bar where it is known how much there is. */
export function JobProgressBar({ view: { job, progress } }: { readonly view: JobView }): ReactElement | null {
  if (job.state !== "running" && job.state !== "cancelling") return null;
  const isKnown = progress !== undefined && progress.total > 0;
  const share = isKnown ? Math.min(1, progress.done / progress.total) : undefined;
  return (
    <div>
      <span className="job-stage">
        {progress?.stage === undefined || progress.stage === "" ? "Starting" : progress.stage}
        {share !== undefined && <span className="muted"> {Math.round(share * 100)} %</span>}
      </span>
      <ProgressBar
        intent="primary"
        // Where nobody knows how much there is, stripes that move say so.
        stripes={share === undefined}
        animate={share === undefined}
        aria-label={`Progress of ${job.title}`}
        {...(share !== undefined && { value: share })}
      />
    </div>
  );
}
