import { MessageChannelMain, utilityProcess, type MessagePortMain, type UtilityProcess } from "electron";
import { z } from "zod";
import { place, type Place } from "../core/contract/place.ts";

const answer = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("ready"), node: z.string() }),
  z.strictObject({ kind: z.literal("granted"), id: z.int(), place }),
  z.strictObject({ kind: z.literal("running"), id: z.int(), running: z.int().nonnegative() }),
  z.strictObject({ kind: z.literal("closed") }),
]);

/** The engine's process, started anew where it died. */
export interface EngineProcess {
  /** A port to the engine for a page. */
  connect(): MessagePortMain;
  /** Lets pages name a path that a person has chosen. */
  grant(path: string): Promise<Place>;
  /** Jobs that run, or wait for their turn; none where the engine does not answer. */
  running(): Promise<number>;
  /** Has jobs stop at a checkpoint, then ends the process. */
  close(): Promise<void>;
}

/** Milliseconds that the engine has to close by itself. */
const GRACE = 15_000;

/** Milliseconds that it has to say how many jobs run. */
const PATIENCE = 3000;

/**
 * @param entry file of the process
 * @param environment what the process is told beside this one's own environment
 */
export function startEngine(entry: string, environment: Readonly<Record<string, string>>): EngineProcess {
  let isClosing = false;
  let nextId = 0;
  const grants = new Map<number, (granted: Place) => void>();
  const counts = new Map<number, (running: number) => void>();
  let closed: (() => void) | undefined;

  const start = (): UtilityProcess => {
    const started = utilityProcess.fork(entry, [], {
      serviceName: "Lathe engine",
      stdio: "inherit",
      env: { ...process.env, ...environment },
    });
    started.on("message", (message: unknown) => {
      const parsed = answer.parse(message);
      if (parsed.kind === "granted") {
        grants.get(parsed.id)?.(parsed.place);
        grants.delete(parsed.id);
      } else if (parsed.kind === "running") {
        counts.get(parsed.id)?.(parsed.running);
        counts.delete(parsed.id);
      } else if (parsed.kind === "closed") closed?.();
    });
    started.on("exit", () => {
      closed?.();
      // Pages see their port close and ask for a new one.
      if (!isClosing) child = start();
    });
    return started;
  };
  let child = start();

  return {
    connect: () => {
      const { port1, port2 } = new MessageChannelMain();
      child.postMessage({ kind: "connect" }, [port1]);
      return port2;
    },
    grant: (path) =>
      new Promise((resolve) => {
        const id = nextId++;
        grants.set(id, resolve);
        child.postMessage({ kind: "grant", id, path });
      }),
    running: () =>
      new Promise((resolve) => {
        const id = nextId++;
        counts.set(id, resolve);
        setTimeout(() => resolve(0), PATIENCE).unref();
        child.postMessage({ kind: "busy", id });
      }),
    close: async () => {
      isClosing = true;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, GRACE);
        closed = () => {
          clearTimeout(timer);
          resolve();
        };
        child.postMessage({ kind: "close" });
      });
      child.kill();
    },
  };
}
