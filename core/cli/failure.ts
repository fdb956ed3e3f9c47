import { CommanderError } from "commander";
import { LatheError, toLatheError, type ErrorCode } from "../base/error.ts";

/** Exit codes by class of failure, for scripts. */
export const EXIT_CODES: Readonly<Record<ErrorCode, number>> = {
  internal: 1,
  "invalid-argument": 2,
  "invalid-model": 3,
  "invalid-data": 3,
  "invalid-recipe": 3,
  "limit-exceeded": 3,
  unsupported: 3,
  "not-runnable": 3,
  numeric: 3,
  "not-found": 4,
  "already-exists": 4,
  "invalid-project": 5,
  "read-only": 5,
  locked: 5,
  "newer-version": 5,
  integrity: 5,
  device: 6,
  "disk-full": 6,
  io: 6,
  cancelled: 130,
};

export const EXIT_CODE_HELP = `Exit codes: 0 done, 1 internal error, 2 wrong usage, 3 input that cannot be used, 4 not found or already there,
5 project (locked, read-only, newer, damaged), 6 machine (device, disk), 130 stopped.`;

/** What the command line's parser or a command threw, as one of our errors; undefined where help was all. */
export function failureOf(thrown: unknown, signal: AbortSignal): LatheError | undefined {
  if (thrown instanceof CommanderError) {
    if (thrown.exitCode === 0) return undefined;
    const message = thrown.message.replace(/^error: /, "");
    const text = message.charAt(0).toUpperCase() + message.slice(1);
    return new LatheError("invalid-argument", /[.!?)]$/.test(text) ? text : `${text}.`, {
      hint: "Add --help to see what there is.",
    });
  }
  const error = toLatheError(thrown);
  // Whatever broke because of the stop is the stop.
  return signal.aborted && error.code !== "cancelled"
    ? new LatheError("cancelled", "Cancelled.", { cause: error })
    : error;
}

export function failureJson({ code, message, details, hint }: LatheError): object {
  return { error: { code, message, details, ...(hint !== undefined && { hint }) } };
}

export function failureText(error: LatheError): string {
  const stack = error.code === "internal" ? `\n${innermost(error)}` : "";
  return `error: ${error.message}${error.hint === undefined ? "" : `\n${error.hint}`}${stack}\n`;
}

/** An internal error is ours to mend, so its origin is shown. */
function innermost(error: Error): string {
  return error.cause instanceof Error ? innermost(error.cause) : (error.stack ?? "");
}
