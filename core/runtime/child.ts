import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { LatheError } from "../base/error.ts";

/** What a script in a process of its own answers. */
export type Answer<T> =
  | { readonly result: T }
  | { readonly failure: { readonly code: string; readonly message: string; readonly hint?: string } };

export interface ChildOptions {
  readonly signal?: AbortSignal;
  readonly environment?: Readonly<Record<string, string>>;
  /** Hears what the script tells before it answers. */
  readonly onTold?: (told: unknown) => void;
}

/**
 * Runs a script in a fresh process, sends it `task` and resolves to what it answers (see `answer`). The process
 * ends with the answer; aborting kills it.
 * @throws what the script failed with; device where it crashed, with the end of what it wrote to standard error.
 */
export function runChild<T>(script: URL, task: unknown, options: ChildOptions = {}): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const cancelled = (): LatheError => new LatheError("cancelled", "Cancelled.", { cause: options.signal?.reason });
    if (options.signal?.aborted === true) {
      reject(cancelled());
      return;
    }
    const child = fork(fileURLToPath(script), [], {
      ...childProgram(),
      // Flags of the parent (debugger, test runner) are not the child's.
      execArgv: [],
      env: { ...process.env, ...options.environment, NODE_OPTIONS: "" },
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    let errors = "";
    let answered: Answer<T> | undefined;
    const abort = (): void => void child.kill("SIGKILL");
    options.signal?.addEventListener("abort", abort, { once: true });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-2000)));
    child.on("message", (message) => {
      const said = message as unknown as Answer<T> | { readonly told: unknown };
      if ("told" in said) options.onTold?.(said.told);
      else answered = said;
    });
    child.on("error", (error) => {
      errors += error.message;
    });
    child.on("close", (code, killedBy) => {
      options.signal?.removeEventListener("abort", abort);
      // Ctrl+C reaches the child by itself, at times before the parent has aborted.
      if (options.signal?.aborted === true || killedBy === "SIGINT") reject(cancelled());
      else if (answered === undefined) reject(crash(code, killedBy, errors));
      else if ("result" in answered) resolve(answered.result);
      else reject(revive(answered.failure));
    });
    child.send(task as never, (error) => {
      if (error !== null) errors += error.message;
    });
  });
}

/**
 * The program that runs child processes, where it is not the one that runs this process: a packaged application may not
 * be run as Node, and brings a Node of its own, which LATHE_NODE names.
 */
export function childProgram(): { readonly execPath?: string } {
  const program = process.env["LATHE_NODE"];
  return program === undefined || program === "" ? {} : { execPath: program };
}

/**
 * The script's side: waits for the task, does it and sends the answer. Nothing may keep the process alive then. `tell`
 * sends word before that.
 */
export function answer(work: (task: never, tell: (told: unknown) => void) => unknown): void {
  process.once("message", (task) => {
    Promise.resolve()
      .then(() => work(task as never, (told) => void process.send?.({ told })))
      .then(
        (result) => process.send?.({ result }),
        (thrown: unknown) => process.send?.({ failure: describe(thrown) }),
      );
  });
}

function describe(thrown: unknown): { code: string; message: string; hint?: string } {
  if (thrown instanceof LatheError) {
    return { code: thrown.code, message: thrown.message, ...(thrown.hint !== undefined && { hint: thrown.hint }) };
  }
  return { code: "internal", message: thrown instanceof Error ? thrown.message : String(thrown) };
}

function revive(failure: { readonly code: string; readonly message: string; readonly hint?: string }): LatheError {
  const parts = failure.hint === undefined ? {} : { hint: failure.hint };
  return new LatheError(failure.code as LatheError["code"], failure.message, parts);
}

function crash(code: number | null, killedBy: string | null, errors: string): LatheError {
  const how = killedBy ?? `exit code ${String(code)}`;
  const last = errors.trim().split("\n").at(-1) ?? "";
  return new LatheError(
    "device",
    `A process that ran the model ended with "${how}"${last === "" ? "." : `: ${last}`}`,
    {
      hint: "The runtime or a driver crashed, or memory ran out. Try another provider or a smaller batch.",
    },
  );
}
