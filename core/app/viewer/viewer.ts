import { Worker } from "node:worker_threads";
import { LatheError, type ErrorCode } from "../../base/error.ts";
import type { ViewerResult, ViewerTask } from "./tasks.ts";

export interface Request {
  readonly id: number;
  readonly task: ViewerTask;
  /** One element: 1 when nobody waits for it any more. Shared, since a busy thread reads no messages. */
  readonly stop: Int32Array;
}

export type Reply =
  | { readonly id: number; readonly result: unknown }
  | {
      readonly id: number;
      readonly failure: { readonly code: ErrorCode; readonly message: string; readonly hint: string | undefined };
    };

/** Reads and compares models in a thread of its own, so that a large one holds nobody else up. */
export interface Viewer {
  /** @throws what the task throws; cancelled */
  ask<T extends ViewerTask>(task: T, signal: AbortSignal | undefined): Promise<ViewerResult<T>>;
  /** Starts the thread, so that the first question need not wait for it. */
  warm(): void;
  close(): Promise<void>;
}

/** In a build the thread's file stands beside this one. */
const THREAD = new URL(import.meta.url.endsWith(".ts") ? "./thread.ts" : "./thread.js", import.meta.url);

/** Milliseconds after the last question until the thread and the models that it keeps are given up. */
const IDLE = 5 * 60_000;
/** Milliseconds that a cancelled task has to end by itself where nobody else waits. */
const GRACE = 1000;

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: LatheError) => void;
}

export function startViewer(): Viewer {
  let worker: Worker | undefined;
  let nextId = 0;
  let idle: ReturnType<typeof setTimeout> | undefined;
  let isClosed = false;
  const waiting = new Map<number, Waiting>();
  /** Tasks that nobody waits for any more and that are not done. */
  const abandoned = new Set<number>();

  const stop = async (): Promise<void> => {
    clearTimeout(idle);
    const ending = worker;
    worker = undefined;
    abandoned.clear();
    await ending?.terminate();
  };
  const fail = (error: LatheError): void => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  const rest = (): void => {
    clearTimeout(idle);
    if (waiting.size > 0 || worker === undefined) return;
    idle = setTimeout(() => void stop(), abandoned.size > 0 ? GRACE : IDLE);
    idle.unref();
  };
  const start = (): Worker => {
    const made = new Worker(THREAD);
    made.unref();
    made.on("message", (reply: Reply) => {
      abandoned.delete(reply.id);
      const asker = waiting.get(reply.id);
      waiting.delete(reply.id);
      rest();
      if (asker === undefined) return;
      if ("result" in reply) asker.resolve(reply.result as never);
      else {
        const { code, message, hint } = reply.failure;
        asker.reject(new LatheError(code, message, hint === undefined ? {} : { hint }));
      }
    });
    const end = (why: string): void => {
      if (worker !== made) return;
      worker = undefined;
      fail(
        new LatheError("internal", `The thread that reads models ended: "${why}".`, {
          hint: "Try again; the model may need more memory than there is.",
        }),
      );
    };
    made.on("error", (cause) => end(cause instanceof Error ? cause.message : String(cause)));
    made.on("exit", (code) => end(`code ${code}`));
    return made;
  };
  return {
    ask: <T extends ViewerTask>(task: T, signal: AbortSignal | undefined) =>
      new Promise<ViewerResult<T>>((resolve, reject) => {
        const cancelled = (): LatheError => new LatheError("cancelled", "Cancelled.");
        if (isClosed || signal?.aborted === true) {
          reject(cancelled());
          return;
        }
        clearTimeout(idle);
        const id = nextId++;
        const stop = new Int32Array(new SharedArrayBuffer(4));
        const abort = (): void => {
          if (!waiting.delete(id)) return;
          Atomics.store(stop, 0, 1);
          abandoned.add(id);
          reject(cancelled());
          rest();
        };
        const done = (): void => signal?.removeEventListener("abort", abort);
        waiting.set(id, {
          resolve: (result) => {
            done();
            resolve(result);
          },
          reject: (error) => {
            done();
            reject(error);
          },
        });
        signal?.addEventListener("abort", abort, { once: true });
        worker ??= start();
        worker.postMessage({ id, task, stop } satisfies Request);
      }),
    warm: () => {
      if (isClosed || worker !== undefined) return;
      worker = start();
      rest();
    },
    close: async () => {
      isClosed = true;
      fail(new LatheError("cancelled", "Cancelled."));
      await stop();
    },
  };
}
