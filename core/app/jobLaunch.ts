import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { childProgram } from "../runtime/child.ts";
import type { FromJob, JobListener, JobProcess } from "./jobMessages.ts";

const ENTRY = new URL(import.meta.url.endsWith(".ts") ? "./jobProcess.ts" : "./jobProcess.js", import.meta.url);

/**
 * Starts a job's process as a child of this one, with Node's own channel between them.
 * @param onStart hears the number of the process
 */
export function forkJob({ onMessage, onExit }: JobListener, onStart?: (pid: number) => void): JobProcess {
  const child = fork(fileURLToPath(ENTRY), [], {
    ...childProgram(),
    // Flags of the parent (debugger, test runner) are not the child's.
    execArgv: [],
    env: { ...process.env, NODE_OPTIONS: "" },
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  if (child.pid !== undefined) onStart?.(child.pid);
  let errors = "";
  let isOver = false;
  const end = (how: string): void => {
    if (isOver) return;
    isOver = true;
    onExit(how, errors.trim().split("\n").at(-1) ?? "");
  };
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-2000)));
  child.on("message", (message) => onMessage(message as unknown as FromJob));
  child.on("error", (error) => {
    errors += error.message;
    if (child.pid === undefined) end("no start");
  });
  child.on("close", (code, killedBy) => end(killedBy ?? `exit code ${String(code)}`));
  return {
    // Where the process is gone, its end says more than a failure to talk to it.
    send: (message) => void child.send(message, () => undefined),
    kill: () => void child.kill("SIGKILL"),
  };
}
