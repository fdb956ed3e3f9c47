import type { Host } from "../../base/host.ts";
import { canonicalJson } from "../../base/json.ts";
import type { Trial } from "../../contract/trial.ts";
import type { TrialLog } from "../define.ts";

type Numbers = Readonly<Record<string, number>>;

/** Computes something once for a run, however often the run is interrupted: what the log of trials has is not tried again. */
export type Remember = (group: string, point: Trial["point"], compute: () => Promise<Numbers>) => Promise<Numbers>;

export function remembering(trials: TrialLog | undefined, { clock }: Host): Remember {
  const keyOf = (group: string, point: Trial["point"]): string => `${group} ${canonicalJson(point)}`;
  const known = new Map(trials?.done.map(({ group = "", point, values }) => [keyOf(group, point), values]));
  let number = trials?.done.length ?? 0;
  return async (group, point, compute) => {
    const key = keyOf(group, point);
    const found = known.get(key);
    if (found !== undefined) return found;
    const start = clock.milliseconds();
    const values = await compute();
    const seconds = (clock.milliseconds() - start) / 1000;
    await trials?.add({ number: number++, group, point, state: "done", values: { ...values }, seconds });
    known.set(key, values);
    return values;
  };
}
