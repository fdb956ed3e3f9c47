import type { ReactElement } from "react";
import { formatBytes } from "../../../core/base/format.ts";
import type { JobView } from "../../../core/contract/run.ts";
import { useOverview, useStatus } from "../../client/queries.ts";
import { duration } from "../../kit/numbers.tsx";
import { providerName } from "../../kit/providers.ts";
import { Copyable } from "../../parts/Copyable.tsx";

/** What a job was asked for, where it ran, and the files that it made. */
export function JobFacts({ view: { project, job, made } }: { readonly view: JobView }): ReactElement {
  const overview = useOverview(project).data;
  const status = useStatus().data;
  const { plan, estimate } = job;
  const [first] = plan.steps;
  const variants = overview?.variants.filter((v) => made.includes(v.id)) ?? [];
  const from = overview?.variants.find((v) => v.id === plan.from?.variant)?.name;
  const data = overview?.data.find((d) => d.id === plan.data)?.name;
  return (
    <div className="job-facts">
      <details>
        <summary>Recipe</summary>
        <dl className="facts">
          {from !== undefined && <Fact name="Starts from" value={from} />}
          {data !== undefined && <Fact name="Data" value={data} />}
          {first !== undefined && <Fact name="Seed" value={String(first.seed)} />}
          {estimate !== undefined && estimate.seconds > 0 && (
            <Fact
              name="Estimated"
              value={`${duration(estimate.seconds)}, ${formatBytes(estimate.memory)} of memory, ${formatBytes(estimate.disk)} of disk`}
            />
          )}
        </dl>
        <Copyable
          title={plan.steps.length === 1 ? "Recipe as JSON" : "Plan as JSON"}
          text={JSON.stringify(plan.steps.length === 1 ? first : plan, undefined, 2)}
        />
      </details>
      <details>
        <summary>Environment</summary>
        <dl className="facts">
          <Fact name="Device" value={labelOf(first?.provider ?? "cpu")} />
          {first !== undefined && <Fact name="Threads" value={String(first.threads)} />}
          {status !== undefined && <Fact name="Machine" value={`${status.host}, ${status.platform}`} />}
          {status !== undefined && <Fact name="Lathe" value={status.lathe} />}
          <Fact name="Submitted" value={timeOf(job.at)} />
          {job.startedAt !== undefined && <Fact name="Started" value={timeOf(job.startedAt)} />}
          {job.endedAt !== undefined && <Fact name="Ended" value={timeOf(job.endedAt)} />}
          <Fact name="Attempts" value={String(job.attempts)} />
        </dl>
      </details>
      {variants.length > 0 && (
        <details>
          <summary>Artifacts ({variants.length})</summary>
          <dl className="facts">
            {variants.map((v) => (
              <Fact key={v.id} name={v.name} value={`${formatBytes(v.bytes)}, SHA-256 ${v.sha256}`} />
            ))}
          </dl>
        </details>
      )}
    </div>
  );
}

function labelOf(provider: string): string {
  return providerName.find((p) => p.value === provider)?.label ?? provider;
}

function timeOf(at: string): string {
  return new Date(at).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });
}

function Fact({ name, value }: { readonly name: string; readonly value: string }): ReactElement {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
