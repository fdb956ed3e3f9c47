import { Button } from "@blueprintjs/core";
import type { ReactElement } from "react";
import { formatCount, formatBytes } from "../../../core/base/format.ts";
import type { ProjectData } from "../../../core/contract/project.ts";
import type { VariantView } from "../../../core/contract/views.ts";
import { runCommand } from "../../kit/commands.ts";
import { Figure, shown } from "../../kit/numbers.tsx";

export interface BaselineCardProps {
  readonly baseline: VariantView;
  readonly data: ProjectData | undefined;
}

/** The model that everything is compared with, in six numbers. */
export function BaselineCard({ baseline, data }: BaselineCardProps): ReactElement {
  const { parameters, macs, memory, latency } = baseline;
  return (
    <section className="card" aria-labelledby="baseline-title">
      <div className="section-head">
        <h2 id="baseline-title">Baseline: {baseline.name}</h2>
        {!baseline.isMeasured && (
          <Button icon="timeline-bar-chart" text="Measure" onClick={() => runCommand("variants.measure")} />
        )}
      </div>
      <dl className="numbers">
        <Number name="Top-1 accuracy" value={<Figure value={shown.accuracy(baseline)} />} />
        <Number name="Median latency" value={<Figure value={shown.latency(baseline)} />} />
        <Number name="Size" value={<Figure value={shown.size(baseline)} />} />
        <Number name="Parameters" value={parameters === undefined ? "—" : formatCount(parameters)} />
        <Number name="MACs per sample" value={macs === undefined ? "—" : formatCount(macs)} />
        <Number name="Peak memory" value={memory === undefined ? "—" : formatBytes(memory)} />
      </dl>
      <p className="muted">
        {latency === undefined
          ? "Not measured yet."
          : `Batch ${latency.batch}, ${latency.threads} ${latency.threads === 1 ? "thread" : "threads"}, ${latency.provider.toUpperCase()}, ${latency.runs} calls.`}
        {baseline.top1 !== undefined &&
          data !== undefined &&
          ` Accuracy on the ${baseline.top1.split} split of ${data.name}.`}
      </p>
    </section>
  );
}

function Number({ name, value }: { readonly name: string; readonly value: ReactElement | string }): ReactElement {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
