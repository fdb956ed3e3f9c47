import { trial, type Trial } from "../contract/trial.ts";
import type { TrialLog } from "../methods/define.ts";
import { openLines, readLines } from "./lines.ts";

export interface OpenTrialLog extends TrialLog {
  close(): void;
}

/**
 * The trials of one run, kept in a file of lines. `tell` hears of each one that is on disk: the trial and its place.
 * @throws disk-full, read-only, io
 */
export function openTrialLog(path: string, tell: (added: Trial, place: number) => void): OpenTrialLog {
  const done = [...readLines(path, trial)];
  let lines: ReturnType<typeof openLines> | undefined;
  return {
    done,
    add: async (added) => {
      const checked = trial.parse(added);
      lines ??= openLines(path);
      lines.append(checked, true);
      done.push(checked);
      tell(checked, done.length - 1);
    },
    close: () => lines?.close(),
  };
}
