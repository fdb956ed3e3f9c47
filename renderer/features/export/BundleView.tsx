import { useEffect, useRef, type ReactElement } from "react";
import {
  formatBytes,
  formatFixed,
  formatMilliseconds,
  formatNumber,
  formatPercent,
} from "../../../core/base/format.ts";
import type { ExportPlan, Verification } from "../../../core/contract/export.ts";
import type { VariantView } from "../../../core/contract/views.ts";
import { useShortPath } from "../../client/queries.ts";
import { Figure, shown } from "../../kit/numbers.tsx";
import { Failed, Loading } from "../../kit/states.tsx";
import { Copyable } from "../../parts/Copyable.tsx";
import type { PlanAsked } from "./queries.ts";

export interface Bundle {
  readonly folder: string;
  readonly files: string[];
  readonly verification: string;
  readonly facts: Verification;
}

export interface BundlePreviewProps {
  readonly variant: VariantView;
  readonly plan: PlanAsked;
  /** Name of the folder to be made. */
  readonly folder: string;
}

/** What is known of the variant, and what would be written of it. */
export function BundlePreview({ variant, plan, folder }: BundlePreviewProps): ReactElement {
  const out = /^[\w.-]+$/.test(folder) ? folder : `'${folder.replaceAll("'", "'\\''")}'`;
  return (
    <>
      <h2>{variant.name}</h2>
      <dl className="facts">
        <Fact name="Size">
          <Figure value={shown.size(variant)} />
        </Fact>
        <Fact name="Top-1">
          <Figure value={shown.accuracy(variant)} />
        </Fact>
        <Fact name="Latency">
          <Figure value={shown.latency(variant)} />
        </Fact>
      </dl>
      {plan.failure !== undefined ? (
        <Failed failure={plan.failure} retry={plan.again} />
      ) : plan.data === undefined ? (
        <Loading what="the model" />
      ) : (
        <div className="export-plan" aria-busy={plan.isStale}>
          <PlanView plan={plan.data} />
          <Copyable title="The same on the command line" text={`${plan.data.command} --out ${out}`} />
        </div>
      )}
    </>
  );
}

function PlanView({ plan }: { readonly plan: ExportPlan }): ReactElement {
  const { files, others, opset, irVersion, inputs, outputs, changes, notes } = plan;
  return (
    <>
      <h3>What will be written</h3>
      <ul className="export-files">
        {files.map(({ name, bytes }) => (
          <li key={name}>
            <span className="mono">{name}</span>
            <span className="muted"> {bytes === undefined ? "size known once it is written" : formatBytes(bytes)}</span>
          </li>
        ))}
        <li className="muted">
          with <span className="mono">{others.join(", ")}</span>
        </li>
      </ul>
      <div className="table-scroll">
        <table className="table export-edges">
          <thead>
            <tr>
              <th scope="col">
                <span className="sr">What</span>
              </th>
              <th scope="col">Now</th>
              <th scope="col">In the bundle</th>
            </tr>
          </thead>
          <tbody>
            <Row what="Operator set" before={String(opset.before)} after={String(opset.after)} />
            <Row what="IR version" before={String(irVersion.before)} after={String(irVersion.after)} />
            {inputs.map((edge) => (
              <Row key={`in ${edge.before.name}`} what="Input" {...told(edge)} />
            ))}
            {outputs.map((edge) => (
              <Row key={`out ${edge.before.name}`} what="Output" {...told(edge)} />
            ))}
          </tbody>
        </table>
      </div>
      {changes.length === 0 ? (
        <p className="muted">The model’s bytes stay as they are.</p>
      ) : (
        <ul className="export-changes">
          {changes.map((change) => (
            <li key={change}>{change}</li>
          ))}
        </ul>
      )}
      {notes.map((note) => (
        <p key={note} className="muted">
          {note}
        </p>
      ))}
    </>
  );
}

type Edge = ExportPlan["inputs"][number];

const told = ({ before, after }: Edge): { readonly before: string; readonly after: string } => ({
  before: `${before.name}: ${before.type}`,
  after: `${after.name}: ${after.type}`,
});

interface RowProps {
  readonly what: string;
  readonly before: string;
  readonly after: string;
}

function Row({ what, before, after }: RowProps): ReactElement {
  return (
    <tr>
      <th scope="row">{what}</th>
      <td className="mono">{before}</td>
      <td className="mono">{before === after ? <span className="muted">the same</span> : <strong>{after}</strong>}</td>
    </tr>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactElement | string }): ReactElement {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** What was written, and whether it still does what it did. */
export function BundleResult({
  bundle: { folder, files, verification, facts },
}: {
  readonly bundle: Bundle;
}): ReactElement {
  const short = useShortPath();
  const { parity, accuracy, latency } = facts;
  const heading = useRef<HTMLHeadingElement>(null);
  // The form may have been left far below.
  useEffect(() => heading.current?.focus(), []);
  return (
    <div>
      <h2 ref={heading} tabIndex={-1}>
        Exported
      </h2>
      <p className="callout tone-good" role="status">
        <span>{verification}</span>
      </p>
      <p className="mono path">{short(folder)}</p>
      <h3>Beside the project’s model</h3>
      <dl className="facts">
        <Fact name="Largest difference">
          <Figure
            value={{
              text: formatNumber(parity.largest),
              note:
                parity.allowed === 0 ? "has to be equal to the bit" : `up to ${formatNumber(parity.allowed)} accepted`,
            }}
          />
        </Fact>
        <Fact name="Top-1 agreement">
          <Figure value={{ text: formatPercent(parity.agreement), note: `on ${parity.samples} test vectors` }} />
        </Fact>
        {accuracy !== undefined && (
          <Fact name="Top-1 accuracy">
            <Figure
              value={{
                text: formatPercent(accuracy.top1),
                note: `${accuracy.samples} samples${accuracy.recorded === undefined ? "" : `; recorded ${formatPercent(accuracy.recorded)}`}`,
              }}
            />
          </Fact>
        )}
      </dl>
      <div className="table-scroll">
        <table className="table">
          <caption className="table-title">
            Latency in turns, {latency.exported.batch} {latency.exported.batch === 1 ? "sample" : "samples"} in a call,{" "}
            {latency.exported.threads} {latency.exported.threads === 1 ? "thread" : "threads"}
          </caption>
          <thead>
            <tr>
              <th scope="col">
                <span className="sr">Which</span>
              </th>
              <th scope="col" className="end">
                p50
              </th>
              <th scope="col" className="end">
                p95
              </th>
              <th scope="col" className="end">
                Runs
              </th>
            </tr>
          </thead>
          <tbody>
            {(["exported", "project"] as const).map((which) => (
              <tr key={which}>
                <th scope="row">{which === "exported" ? "Exported file" : "Project’s model"}</th>
                <td className="end">{formatMilliseconds(latency[which].median)}</td>
                <td className="end">{formatMilliseconds(latency[which].p95)}</td>
                <td className="end">{latency[which].runs}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="muted">
        The exported file takes {formatFixed(latency.exported.median / latency.project.median, 2)} times as long.
      </p>
      <h3>Files</h3>
      <ul className="export-files">
        {files.map((file) => (
          <li key={file} className="mono">
            {file}
          </li>
        ))}
      </ul>
      <p className="muted export-hash">
        SHA-256 of the model: <span className="mono">{facts.sha256}</span>
      </p>
    </div>
  );
}
