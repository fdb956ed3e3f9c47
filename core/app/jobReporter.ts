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
  let metrics: Held[] = [];
  let progress: Held | undefined;
  let timer: NodeJS.Timeout | undefined;
  const write = ({ at, event }: Held): void => {
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
      const at = clock.now();
      if (event.kind === "progress") progress = { at, event };
      else if (event.kind === "metric") metrics = hold(metrics, { at, event });
      else {
        flush();
        write({ at, event });
        return;
      }
      timer ??= setTimeout(flush, PACE).unref();
    },
    flush,
  };
}

/** What happened, and when. */
interface Held<E extends JobHappening = JobHappening> {
  readonly at: string;
  readonly event: E;
}

type Metric = Held<Extract<JobHappening, { kind: "metric" }>>;

function hold(held: Held[], metric: Metric): Held[] {
  if (held.length < MOST_METRICS) return [...held, metric];
  return [...held.filter(({ event }) => event.kind !== "metric" || event.name !== metric.event.name), metric];
}
