import { readFileSync } from "node:fs";
import { join } from "node:path";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { openEngine } from "../../core/serve/engine.ts";
import { serve } from "../../core/serve/http/server.ts";
import { openPlaces } from "../../core/serve/places.ts";
import { root } from "../e2e/workbench.ts";

/** A server whose engine tells of a job as much as is asked for. */
export interface Flood {
  readonly address: string;
  /** Of the screen with the job, behind the address. */
  readonly screen: string;
  start(perSecond: number): void;
  /** @returns events that were sent in a second, on average */
  stop(): number;
  close(): Promise<void>;
}

const PACE = 10;

/** Serves the project that lies in the folder, for reading, with its first job on the screen. */
export async function serveEvents(folder: string): Promise<Flood> {
  const work = join(folder, "work");
  const places = openPlaces({ work });
  const home = join(folder, "flood-home");
  const engine = openEngine({ host: nodeHost, places, home, sample: join(root, "samples", "fashion-mnist") });
  const { id: project } = await engine.projects.open(join(work, "Searched"));
  const [view] = await engine.jobs.list(project);
  if (view === undefined) throw new Error("The project has no job.");
  const served = await serve({
    engine,
    renderer: join(root, "out", "renderer"),
    host: "127.0.0.1",
    port: 0,
    allowRemote: false,
  });
  const { job } = view;
  let [sent, started] = [0, 0];
  let timer: ReturnType<typeof setInterval> | undefined;
  const send = (): void => {
    const at = nodeHost.clock.now();
    if (sent % 20 === 0) {
      const progress = {
        stage: "Search",
        done: sent,
        total: 1e6,
        unit: "nets",
        step: 1,
        steps: 1,
        metrics: { accuracy: 0.5 },
      };
      engine.events.send({ kind: "job", view: { ...view, job: { ...job, state: "running" }, progress } });
    } else {
      const event = { kind: "message", level: "info", text: `Net ${sent}: accuracy 0.5` } as const;
      engine.events.send({ kind: "log", project, job: job.id, entries: [{ at, event }] });
    }
    sent++;
  };
  return {
    address: served.address,
    screen: `#/p/${project}/jobs/${job.id}`,
    start: (perSecond) => {
      [sent, started] = [0, performance.now()];
      timer = setInterval(() => {
        const due = ((performance.now() - started) / 1000) * perSecond;
        while (sent < due) send();
      }, PACE);
    },
    stop: () => {
      clearInterval(timer);
      return (1000 * sent) / (performance.now() - started);
    },
    close: async () => {
      clearInterval(timer);
      await served.close();
      await engine.close();
    },
  };
}

/** Seconds of processor time that a process took; NaN where the system does not say. */
export function cpuSeconds(pid: number): number {
  try {
    // Fields 14 and 15 behind the name in brackets, in hundredths of a second (proc(5)).
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return NaN;
  }
}
