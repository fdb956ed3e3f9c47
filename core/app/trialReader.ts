import { Worker } from "node:worker_threads";
import { LatheError, type ErrorCode } from "../base/error.ts";
import type { TrialAnswer, TrialQuestion } from "./trialQueries.ts";

export interface TrialRequest {
  readonly id: number;
  readonly folder: string;
  readonly question: TrialQuestion;
}

export type TrialReply =
  | { readonly id: number; readonly answer: TrialAnswer<TrialQuestion> }
  | {
      readonly id: number;
      readonly failure: { readonly code: ErrorCode; readonly message: string; readonly hint: string | undefined };
    };

/** Answers questions about trials in a thread of its own, so that 100,000 of them hold up nobody else. */
export interface TrialReader {
  /** @throws cancelled once the signal is aborted, whatever the thread still does */
  ask<Q extends TrialQuestion>(folder: string, question: Q, signal?: AbortSignal): Promise<TrialAnswer<Q>>;
  close(): Promise<void>;
}

/** In a build the thread's file stands beside the bundle that this module is part of. */
const THREAD = new URL(import.meta.url.endsWith(".ts") ? "./trialThread.ts" : "./trialThread.js", import.meta.url);

interface Waiting {
  readonly resolve: (answer: TrialAnswer<TrialQuestion>) => void;
  readonly reject: (error: LatheError) => void;
}

/** The thread starts with the first question. */
export function openTrialReader(): TrialReader {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let next = 0;

  const fail = (error: LatheError): void => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    worker = undefined;
  };
  const start = (): Worker => {
    const made = new Worker(THREAD);
    made.unref();
    made.on("message", (reply: TrialReply) => {
      const asked = waiting.get(reply.id);
      waiting.delete(reply.id);
      if (asked === undefined) return;
      if ("answer" in reply) asked.resolve(reply.answer);
      else {
        const { code, message, hint } = reply.failure;
        asked.reject(new LatheError(code, message, hint === undefined ? {} : { hint }));
      }
    });
    made.on("error", (cause) => {
      const text = cause instanceof Error ? cause.message : String(cause);
      fail(new LatheError("internal", `The thread that reads trials failed: "${text}".`, { cause }));
    });
    return made;
  };

  return {
    ask: <Q extends TrialQuestion>(folder: string, question: Q, signal?: AbortSignal): Promise<TrialAnswer<Q>> =>
      new Promise((resolve, reject) => {
        const id = next++;
        const cancel = (): void => {
          if (waiting.delete(id)) reject(new LatheError("cancelled", "Cancelled."));
        };
        if (signal?.aborted === true) {
          reject(new LatheError("cancelled", "Cancelled."));
          return;
        }
        signal?.addEventListener("abort", cancel, { once: true });
        waiting.set(id, { resolve: (answer) => resolve(answer as TrialAnswer<Q>), reject });
        worker ??= start();
        worker.postMessage({ id, folder, question } satisfies TrialRequest);
      }),
    close: async () => {
      const running = worker;
      fail(new LatheError("cancelled", "Cancelled."));
      await running?.terminate();
    },
  };
}
