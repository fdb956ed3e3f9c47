import type { Clock } from "../base/host.ts";
import type { JobHappening } from "../contract/jobs.ts";
import type { LineWriter } from "./lines.ts";

/** Milliseconds between two reports of what changes all the time. */
const PACE = 250;

/** Metrics between two reports of which each is kept. */
const MOST_METRICS = 50;

export interface JobReporter {
  tell(event: JobHappening): void;
  /** Writes what is held back. */
  flush(): void;
}

/**
 * Passes on what happens in a job, to its event log and to its engine. Of what comes in floods only the latest is
 * passed on, four times a second: how far the work is, and metrics beyond fifty in that time.
 */
export function startReporter(
  lines: LineWriter,
  clock: Clock,
  send: (at: string, event: JobHappening) => void,
): JobReporter {
  let metrics: JobHappening[] = [];
  let progress: JobHappening | undefined;
  let timer: NodeJS.Timeout | undefined;
  const write = (event: JobHappening): void => {
    const at = clock.now();
    try {
      lines.append({ at, event });
    } catch {
      // A full disk must not end the work; whoever listens still hears of it.
    }
    send(at, event);
  };
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const held = progress === undefined ? metrics : [...metrics, progress];
    [metrics, progress] = [[], undefined];
    held.forEach(write);
  };
  return {
    tell: (event) => {
      if (event.kind === "progress") progress = event;
      else if (event.kind === "metric") metrics = hold(metrics, event);
      else {
        flush();
        write(event);
        return;
      }
      timer ??= setTimeout(flush, PACE).unref();
    },
    flush,
  };
}

type Metric = Extract<JobHappening, { kind: "metric" }>;

function hold(held: JobHappening[], metric: Metric): JobHappening[] {
  if (held.length < MOST_METRICS) return [...held, metric];
  return [...held.filter((h) => h.kind !== "metric" || h.name !== metric.name), metric];
}
