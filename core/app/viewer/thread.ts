import { parentPort } from "node:worker_threads";
import { toLatheError } from "../../base/error.ts";
import { nodeHost } from "../nodeHost.ts";
import { viewerTasks } from "./tasks.ts";
import type { Reply, Request } from "./viewer.ts";

const run = viewerTasks(nodeHost);

/** The thread that `viewer.ts` starts: one reply to each request. */
async function answer({ id, task, stop }: Request): Promise<void> {
  let reply: Reply;
  try {
    reply = {
      id,
      result: await run(task, {
        get aborted() {
          return Atomics.load(stop, 0) === 1;
        },
      }),
    };
  } catch (thrown) {
    const { code, message, hint } = toLatheError(thrown);
    reply = { id, failure: { code, message, hint } };
  }
  parentPort?.postMessage(reply);
}

parentPort?.on("message", (request: Request) => void answer(request));
