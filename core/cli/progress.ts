import type { SingleBar } from "cli-progress";
import { formatNumber } from "../base/format.ts";
import type { Emit, ProgressEvent } from "../contract/event.ts";

export interface Progress {
  readonly emit: Emit;
  /** Takes the bar off the screen. */
  stop(): void;
}

/** Shows progress on standard error: a bar on a terminal, a line per stage elsewhere, nothing if quiet. */
export async function startProgress(isQuiet: boolean, stream: NodeJS.WriteStream): Promise<Progress> {
  if (isQuiet) return { emit: () => undefined, stop: () => undefined };
  return stream.isTTY ? drawBar(stream) : writeLines(stream);
}

function writeLines(stream: NodeJS.WriteStream): Progress {
  return {
    emit: (event) => {
      if (event.kind === "stage") stream.write(`${event.name}\n`);
      if (event.kind === "message") stream.write(`${event.level}: ${event.text}\n`);
    },
    stop: () => undefined,
  };
}

async function drawBar(stream: NodeJS.WriteStream): Promise<Progress> {
  const { SingleBar, Presets } = await import("cli-progress");
  const options = {
    stream,
    format: "{stage} {bar} {value}/{total} {unit}{note}",
    hideCursor: true,
    clearOnComplete: true,
    barsize: 24,
    fps: 10,
  };
  let bar: SingleBar | undefined;
  let stage = "";
  const metrics = new Map<string, number>();
  const stop = (): void => {
    bar?.stop();
    bar = undefined;
    stream.write("\r\x1b[K");
  };
  const show = (event: ProgressEvent): void => {
    switch (event.kind) {
      case "stage":
        stop();
        metrics.clear();
        stage = event.name;
        stream.write(stage);
        return;
      case "progress":
        if (bar === undefined) {
          stream.write("\r\x1b[K");
          bar = new SingleBar(options, Presets.shades_classic);
          bar.start(event.total, event.done, { stage, unit: event.unit, note: noteOf(metrics) });
        } else {
          bar.setTotal(event.total);
          bar.update(event.done, { stage, unit: event.unit, note: noteOf(metrics) });
        }
        return;
      case "message":
        stop();
        stream.write(`${event.level}: ${event.text}\n`);
        return;
      case "metric":
        metrics.set(event.name, event.value);
        return;
    }
  };
  return { emit: show, stop };
}

/** What long work says of itself besides how far it is. */
function noteOf(metrics: ReadonlyMap<string, number>): string {
  const parts = [
    ["loss", (x: number) => `loss ${formatNumber(x)}`],
    ["images-per-second", (x: number) => `${formatNumber(x)} images/s`],
    ["seconds-left", duration],
  ] as const;
  const known = parts.flatMap(([name, text]) => {
    const value = metrics.get(name);
    return value === undefined ? [] : [text(value)];
  });
  return known.length === 0 ? "" : `, ${known.join(", ")}`;
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s left`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min left` : `${formatNumber(seconds / 3600)} h left`;
}
