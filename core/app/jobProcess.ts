import type { FromJob, ToJob } from "./jobMessages.ts";
import { nodeHost } from "./nodeHost.ts";
import { runJob } from "./jobWorker.ts";

/** Entry of the process of one job, started by an engine with a channel to it. */

// Ctrl+C reaches every process of a terminal; the engine decides what it means for its jobs.
process.on("SIGINT", () => undefined);

let sent = Promise.resolve();

const send = (message: FromJob): void => {
  if (!process.connected) return;
  sent = new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve()));
};

await runJob(
  {
    send,
    onMessage: (listener) => void process.on("message", (message) => listener(message as ToJob)),
    onClose: (listener) => void process.on("disconnect", listener),
  },
  { host: nodeHost, exit: (code) => process.exit(code) },
);
await sent;
if (process.connected) process.disconnect();
