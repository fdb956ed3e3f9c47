import { formatNumber } from "../../../core/base/format.ts";
import { flatPoint } from "../../../core/contract/trial.ts";
import type { StoredTrial } from "../../../core/contract/trials.ts";
import type { TrialColumn } from "../../../core/contract/trialViews.ts";

/** What stands in a column of one trial. */
export function cellText({ job, method, trial }: StoredTrial, column: Pick<TrialColumn, "id">): string {
  const value = valueOf(column.id);
  if (value === undefined) return "—";
  return typeof value === "number" ? numberText(value) : typeof value === "string" ? value : JSON.stringify(value);

  function valueOf(id: string): unknown {
    switch (id) {
      case "number":
        return String(trial.number);
      case "state":
        return trial.state;
      case "group":
        return trial.group;
      case "seconds":
        return trial.seconds;
      case "method":
        return method;
      case "job":
        return job;
    }
    if (id.startsWith("param.")) return flatPoint(trial.point)[id.slice(6)];
    return id.startsWith("value.") ? trial.values[id.slice(6)] : undefined;
  }
}

/** Whole numbers as they are; others with four digits. */
const numberText = (value: number): string =>
  Number.isInteger(value) && Math.abs(value) < 1e6 ? String(value) : formatNumber(value, 4);
