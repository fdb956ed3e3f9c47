import type { IconName } from "@blueprintjs/icons";
import type { ReactElement } from "react";
import type { JobState } from "../../../core/contract/jobs.ts";
import { Glyph } from "../../kit/Glyph.tsx";

const LOOKS: Readonly<Record<JobState, { readonly icon: IconName; readonly tone: string; readonly text: string }>> = {
  queued: { icon: "time", tone: "muted", text: "Queued" },
  running: { icon: "play", tone: "tone-info", text: "Running" },
  paused: { icon: "pause", tone: "tone-warning", text: "Paused" },
  cancelling: { icon: "stop", tone: "tone-warning", text: "Cancelling" },
  cancelled: { icon: "disable", tone: "muted", text: "Cancelled" },
  failed: { icon: "error", tone: "tone-bad", text: "Failed" },
  interrupted: { icon: "offline", tone: "tone-warning", text: "Interrupted" },
  done: { icon: "tick-circle", tone: "tone-good", text: "Done" },
};

/** A job's state in a sign, a word and a colour. */
export function StateTag({ state }: { readonly state: JobState }): ReactElement {
  const { icon, tone, text } = LOOKS[state];
  return (
    <span className={`state-tag ${tone}`}>
      <Glyph icon={icon} size={14} /> {text}
    </span>
  );
}
