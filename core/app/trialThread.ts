import { parentPort } from "node:worker_threads";
import { toLatheError } from "../base/error.ts";
import { openStore } from "../store/store.ts";
import { nodeHost } from "./nodeHost.ts";
import { answerTrials, emptyCache, isOpen, type TrialCache } from "./trialQueries.ts";
import type { TrialReply, TrialRequest } from "./trialReader.ts";

/** Projects whose trials are kept in memory, the latest asked for last. */
const MOST = 2;
const caches = new Map<string, TrialCache>();

function cacheOf(folder: string): TrialCache {
  const cache = caches.get(folder) ?? emptyCache();
  caches.delete(folder);
  caches.set(folder, cache);
  const [oldest] = caches.keys();
  if (caches.size > MOST && oldest !== undefined) caches.delete(oldest);
  return cache;
}

/** The thread that `trialReader.ts` starts: one reply to each request. The project is open only while it is read. */
async function answer({ id, folder, question }: TrialRequest): Promise<void> {
  let reply: TrialReply;
  try {
    const store = await openStore(folder, { mode: "read" }, nodeHost);
    try {
      reply = { id, answer: await answerTrials(store, cacheOf(folder), question) };
    } finally {
      store.close();
    }
  } catch (thrown) {
    const { code, message, hint } = toLatheError(thrown);
    reply = { id, failure: { code, message, hint } };
  }
  parentPort?.postMessage(reply);
}

// One after the other: the questions share what was read.
let last = Promise.resolve();
const isQuick = ({ question }: TrialRequest): boolean =>
  question.kind === "page" && question.order === undefined && isOpen(question.search);
parentPort?.on("message", (request: TrialRequest) => {
  // The first page needs nothing of that, and is waited for.
  if (isQuick(request)) void answer(request);
  else last = last.then(() => answer(request));
});
