import type { ReactElement } from "react";
import { formatBytes, formatFixed, formatMilliseconds, formatPercent, formatSigned } from "../../core/base/format.ts";
import type { VariantView } from "../../core/contract/views.ts";

export interface Shown {
  readonly text: string;
  /** Interval, or what it is compared with. */
  readonly note?: string | undefined;
  readonly tone?: "good" | "bad" | undefined;
}

/** What is told of a variant, the same on every screen. Undefined where it was not measured. */
export const shown = {
  accuracy: ({ top1 }: VariantView): Shown | undefined =>
    top1 && { text: formatPercent(top1.value), note: `${percent(top1.low)}–${percent(top1.high)} on ${top1.samples}` },
  difference: ({ difference }: VariantView): Shown | undefined =>
    difference && {
      text: `${formatSigned(difference.value * 100, 1)} points`,
      note: `${formatSigned(difference.low * 100, 1)} to ${formatSigned(difference.high * 100, 1)}`,
      tone: difference.low > 0 ? "good" : difference.high < 0 ? "bad" : undefined,
    },
  latency: ({ latency }: VariantView): Shown | undefined =>
    latency && { text: formatMilliseconds(latency.value), note: `p95 ${formatMilliseconds(latency.p95)}` },
  speedUp: ({ speedUp }: VariantView): Shown | undefined =>
    speedUp && {
      text: `${formatFixed(speedUp.value, 2)}×`,
      note: `${formatFixed(speedUp.low, 2)}–${formatFixed(speedUp.high, 2)}`,
      tone: speedUp.low > 1 ? "good" : speedUp.high < 1 ? "bad" : undefined,
    },
  size: ({ bytes, sizeRatio, isBaseline }: VariantView): Shown => ({
    text: formatBytes(bytes),
    note: isBaseline ? undefined : `${formatFixed(sizeRatio, 2)} of baseline`,
  }),
} as const;

const percent = (fraction: number): string => formatFixed(fraction * 100, 1);

const WORDS = { good: "better", bad: "worse" } as const;

/** A number with its small second line. A tone is said in a sign and a word, not in colour alone. */
export function Figure({ value }: { readonly value: Shown | undefined }): ReactElement {
  if (value === undefined) return <span className="muted">—</span>;
  const { text, note, tone } = value;
  return (
    <span className="figure">
      <span className={tone === undefined ? "figure-text" : `figure-text tone-${tone}`}>
        {tone !== undefined && <span aria-hidden>{tone === "good" ? "▲ " : "▼ "}</span>}
        {text}
        {tone !== undefined && <span className="sr"> ({WORDS[tone]})</span>}
      </span>
      {note !== undefined && <span className="figure-note">{note}</span>}
    </span>
  );
}

/** "3 min ago", for what lies less than a day back; the date otherwise. */
export function ago(at: string, now: number): string {
  const seconds = Math.max(0, (now - Date.parse(at)) / 1000);
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return new Date(at).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
}

/** Seconds as people say them: "0.8 s", "2 min 5 s", "3 h 10 min". */
export function duration(seconds: number): string {
  if (seconds < 10) return `${formatFixed(seconds, 1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
