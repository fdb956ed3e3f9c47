import type { SingleBar } from "cli-progress";
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
    format: "{stage} {bar} {value}/{total} {unit}",
    hideCursor: true,
    clearOnComplete: true,
    barsize: 24,
    fps: 10,
  };
  let bar: SingleBar | undefined;
  let stage = "";
  const stop = (): void => {
    bar?.stop();
    bar = undefined;
    stream.write("\r\x1b[K");
  };
  const show = (event: ProgressEvent): void => {
    switch (event.kind) {
      case "stage":
        stop();
        stage = event.name;
        stream.write(stage);
        return;
      case "progress":
        if (bar === undefined) {
          stream.write("\r\x1b[K");
          bar = new SingleBar(options, Presets.shades_classic);
          bar.start(event.total, event.done, { stage, unit: event.unit });
        } else {
          bar.setTotal(event.total);
          bar.update(event.done, { stage, unit: event.unit });
        }
        return;
      case "message":
        stop();
        stream.write(`${event.level}: ${event.text}\n`);
        return;
      case "metric":
        return;
    }
  };
  return { emit: show, stop };
}
