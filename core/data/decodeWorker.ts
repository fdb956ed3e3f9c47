import { parentPort } from "node:worker_threads";
import { toLatheError } from "../base/error.ts";
import type { Reply, Request } from "./pool.ts";
import { runTask } from "./tasks.ts";

/** The thread that `pool.ts` starts: one reply to each request, in any order. */
async function answer({ id, task }: Request): Promise<void> {
  let reply: Reply;
  try {
    reply = { id, result: await runTask(task) };
  } catch (thrown) {
    const { code, message, hint, details } = toLatheError(thrown);
    reply = { id, failure: { code, message, hint, details } };
  }
  const buffer = "result" in reply && ArrayBuffer.isView(reply.result) ? reply.result.buffer : undefined;
  parentPort?.postMessage(reply, buffer instanceof ArrayBuffer ? [buffer] : []);
}

parentPort?.on("message", (request: Request) => void answer(request));
