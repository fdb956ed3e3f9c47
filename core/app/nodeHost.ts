import type { Host, Log, LogLevel } from "../base/host.ts";
import { nodeFiles } from "./nodeFiles.ts";

const LEVELS: readonly LogLevel[] = ["debug", "info", "warning", "error"];

/** A log that writes lines of at least `lowest` to standard error. */
export function stderrLog(lowest: LogLevel): Log {
  return {
    write: (level, message, details) => {
      if (LEVELS.indexOf(level) < LEVELS.indexOf(lowest)) return;
      const rest = details === undefined ? "" : ` ${JSON.stringify(details)}`;
      process.stderr.write(`${level}: ${message}${rest}\n`);
    },
  };
}

/** The host of a Node process: its files, its clock, and a log on standard error from warnings upwards. */
export const nodeHost: Host = Object.freeze<Host>({
  files: nodeFiles,
  clock: { now: () => new Date().toISOString(), milliseconds: () => performance.now() },
  log: stderrLog("warning"),
});
