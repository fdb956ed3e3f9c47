import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { LatheError, type ErrorCode } from "../base/error.ts";
import type { FileEntry } from "./dataset.ts";
import type { Target } from "./prepare.ts";
import { runTask, type Task, type TaskResult } from "./tasks.ts";

export interface Request {
  readonly id: number;
  readonly task: Task;
}

/** A LatheError in a form that crosses threads. */
interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;
}

export type Reply =
  { readonly id: number; readonly result: FileEntry[] | Target } | { readonly id: number; readonly failure: Failure };

/** Threads that do tasks; with none, tasks are done in the calling thread. */
export interface Pool {
  run<T extends Task>(task: T): Promise<TaskResult<T>>;
  /** Ends the threads. Tasks that are not done fail with `cancelled`. */
  close(): Promise<void>;
}

/** Leaves a core to the model. */
export function defaultWorkers(): number {
  return Math.max(1, Math.min(8, availableParallelism() - 1));
}

/** In a build the thread's file stands beside the bundle that this module is part of. */
const THREAD = new URL(import.meta.url.endsWith(".ts") ? "./decodeWorker.ts" : "./decodeWorker.js", import.meta.url);

/** Tasks that one thread is given at a time, so that it need not wait for the next one. */
const IN_HAND = 2;

interface Waiting {
  readonly task: Task;
  readonly resolve: (result: FileEntry[] | Target) => void;
  readonly reject: (error: LatheError) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly inHand: Map<number, Waiting>;
}

export function startPool(workers: number): Pool {
  if (workers === 0) return inProcess();
  const threads: Thread[] = [];
  const queue: Waiting[] = [];
  let nextId = 0;
  let failed: LatheError | undefined;

  const fail = (error: LatheError): void => {
    failed ??= error;
    for (const { inHand } of threads) {
      for (const { reject } of inHand.values()) reject(failed);
      inHand.clear();
    }
    for (const { reject } of queue.splice(0)) reject(failed);
  };

  const start = (): Thread => {
    const worker = new Worker(THREAD);
    const thread: Thread = { worker, inHand: new Map() };
    worker.on("message", (reply: Reply) => {
      const waiting = thread.inHand.get(reply.id);
      thread.inHand.delete(reply.id);
      if (waiting === undefined) return;
      if ("result" in reply) waiting.resolve(reply.result);
      else {
        const { code, message, hint, details } = reply.failure;
        waiting.reject(new LatheError(code, message, { details, ...(hint === undefined ? {} : { hint }) }));
      }
      feed();
    });
    worker.on("error", (cause) => {
      const text = cause instanceof Error ? cause.message : String(cause);
      fail(new LatheError("internal", `A decoding thread failed: "${text}".`, { cause }));
    });
    worker.on("exit", (code) => fail(new LatheError("internal", `A decoding thread ended with code "${code}".`)));
    threads.push(thread);
    return thread;
  };

  const feed = (): void => {
    while (queue.length > 0) {
      const free = threads.find(({ inHand }) => inHand.size === 0);
      const thread = free ?? (threads.length < workers ? start() : threads.find(({ inHand }) => inHand.size < IN_HAND));
      if (thread === undefined) return;
      const waiting = queue.shift()!;
      const id = nextId++;
      thread.inHand.set(id, waiting);
      thread.worker.postMessage({ id, task: waiting.task } satisfies Request);
    }
  };

  const run = async (task: Task): Promise<FileEntry[] | Target> =>
    new Promise((resolve, reject) => {
      if (failed !== undefined) {
        reject(failed);
        return;
      }
      queue.push({ task, resolve, reject });
      feed();
    });

  return {
    run: run as Pool["run"],
    close: async () => {
      fail(new LatheError("cancelled", "Cancelled."));
      await Promise.all(threads.map(async ({ worker }) => worker.terminate()));
    },
  };
}

/** One task after the other, so that no more memory is taken than by one thread. */
function inProcess(): Pool {
  let last: Promise<unknown> = Promise.resolve();
  let isClosed = false;
  return {
    run: async <T extends Task>(task: T) => {
      const result = last.then(async () => {
        if (isClosed) throw new LatheError("cancelled", "Cancelled.");
        return runTask(task);
      });
      last = result.catch(() => undefined);
      return result;
    },
    close: async () => {
      isClosed = true;
      await last;
    },
  };
}
