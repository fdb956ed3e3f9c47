import { HTMLSelect } from "@blueprintjs/core";
import { useState, type ReactElement } from "react";
import { formatFixed } from "../../../core/base/format.ts";
import type { SplitName } from "../../../core/contract/dataset.ts";
import type { ReportBlock } from "../../../core/contract/report.ts";
import type { DataSummary } from "../../../core/contract/samples.ts";
import { Blocks } from "../../blocks/Blocks.tsx";
import { identify } from "../../blocks/identity.ts";
import { Empty } from "../../kit/states.tsx";

const SPLITS = ["train", "validation", "test", "calibration"] as const satisfies readonly SplitName[];
const TITLES = { train: "Train", validation: "Validation", test: "Test", calibration: "Calibration" } as const;

/** Bars that fit a drawing; beyond, the largest and the smallest classes stand for all. */
export const MOST_BARS = 30;

export interface Counted {
  readonly class: string;
  readonly count: number;
}

/** The classes to draw, largest first: all of them, or the largest and the smallest. */
export function drawnClasses(classes: readonly Counted[], most = MOST_BARS): readonly Counted[] {
  const sorted = classes.toSorted((a, b) => b.count - a.count || a.class.localeCompare(b.class, "en"));
  if (sorted.length <= most) return sorted;
  return [...sorted.slice(0, Math.ceil(most / 2)), ...sorted.slice(-Math.floor(most / 2))];
}

/** One bar for each class, all alike; many classes are shown by their extremes. */
export function classBars(title: string, classes: readonly Counted[]): ReportBlock {
  const drawn = drawnClasses(classes);
  const some = drawn.length < classes.length ? `: the largest and smallest of ${classes.length} classes` : "";
  return {
    kind: "bars",
    title: `${title}${some}`,
    axis: { title: "Samples", scale: "linear" },
    bars: drawn.map((c) => ({ label: c.class, value: c.count, group: "samples" })),
  };
}

/** How the classes are spread over the splits. */
export function BalanceView({ summary }: { readonly summary: DataSummary }): ReactElement {
  const [split, setSplit] = useState<SplitName | "">("");
  const { balance, data } = summary;
  if (data.info.classes === undefined) {
    return (
      <Empty icon="horizontal-bar-chart" title="No labels">
        Without labels there are no classes to count.
      </Empty>
    );
  }
  const countOf = (counts: DataSummary["counts"]): number =>
    split === "" ? counts.train + counts.validation + counts.test : counts[split];
  const classes = balance.map((b) => ({ class: b.class, count: countOf(b.counts) }));
  const counts = classes.map((c) => c.count);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const named = split === "" ? "all splits" : split;
  return (
    <div className="balance">
      <div className="browser-head">
        <span>
          {classes.length} classes; the largest has {most.toLocaleString("en-US")} samples, the smallest{" "}
          {least.toLocaleString("en-US")}
          {least > 0 && ` (${formatFixed(most / least, 1)} : 1)`}.
        </span>
        <HTMLSelect
          aria-label="Split"
          value={split}
          options={[{ value: "", label: "All splits" }, ...SPLITS.map((s) => ({ value: s, label: TITLES[s] }))]}
          onChange={(event) => setSplit(event.currentTarget.value as SplitName | "")}
        />
      </div>
      <div className="balance-parts">
        <Blocks blocks={[classBars(`Samples of each class, ${named}`, classes)]} identities={identify(["samples"])} />
        <div
          className="card card-flush table-scroll balance-table"
          tabIndex={0}
          role="region"
          aria-label="Classes by split"
        >
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Class</th>
                {SPLITS.map((s) => (
                  <th key={s} scope="col" className="end">
                    {TITLES[s]}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {balance.map((b) => (
                <tr key={b.class}>
                  <th scope="row">{b.class}</th>
                  {SPLITS.map((s) => (
                    <td key={s} className="end">
                      {b.counts[s].toLocaleString("en-US")}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </div>
    </div>
  );
}
