import type { ReactElement } from "react";
import { formatBytes } from "../../core/base/format.ts";
import { useEngine } from "../client/engine.ts";
import { useJobs, useStatus } from "../client/queries.ts";
import { Glyph } from "../kit/Glyph.tsx";
import { href, paths } from "../kit/navigation.ts";
import { useStore } from "../kit/store.ts";

const WORDS = {
  connecting: "Connecting…",
  connected: "Engine",
  lost: "Connection lost, trying again…",
  refused: "Refused",
} as const;

/** The engine and its running job on the left; the machine on the right. */
export function StatusBar({ project }: { readonly project: string | undefined }): ReactElement {
  const { state } = useEngine();
  const connection = useStore(state);
  const { data: status } = useStatus();
  const { data: jobs } = useJobs(project);
  const running = jobs?.find((v) => v.job.state === "running" || v.job.state === "cancelling");
  const queued = jobs?.filter((v) => v.job.state === "queued").length ?? 0;
  const progress = running?.progress;
  const share =
    progress !== undefined && progress.total > 0 ? ` ${Math.round((100 * progress.done) / progress.total)} %` : "";
  return (
    <footer className="statusbar">
      <span className={connection === "connected" ? "" : "tone-warning"} role="status">
        <Glyph
          icon={connection === "connected" ? "dot" : "offline"}
          className={connection === "connected" ? "tone-good" : ""}
        />
        {connection === "connected" && status !== undefined
          ? `${WORDS.connected} on ${status.host}`
          : WORDS[connection]}
      </span>
      {running !== undefined && (
        <a href={href(paths.jobs(running.project, running.job.id))}>
          {running.job.title}
          {progress === undefined || progress.stage === "" ? "" : `: ${progress.stage}${share}`}
        </a>
      )}
      {queued > 0 && <span>{queued} queued</span>}
      <span className="statusbar-gap" />
      {status !== undefined && (
        <>
          <span>{status.platform}</span>
          <span>
            {status.threads} {status.threads === 1 ? "thread" : "threads"}
          </span>
          {status.diskFree !== undefined && (
            <span className={status.diskFree < 2 ** 30 ? "tone-bad" : ""}>{formatBytes(status.diskFree)} free</span>
          )}
        </>
      )}
    </footer>
  );
}
