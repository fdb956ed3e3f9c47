import { Button } from "@blueprintjs/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import type { JobView } from "../../../core/contract/run.ts";
import { Blocks } from "../../blocks/Blocks.tsx";
import { useEngine } from "../../client/engine.ts";
import { keys } from "../../client/keys.ts";
import { useOverview } from "../../client/queries.ts";
import { paths, useGo } from "../../kit/navigation.ts";
import { Figure, shown } from "../../kit/numbers.tsx";

/** The variants that came of it, as they are now; of a chain, what each step changed. */
export function JobResults({ view: { project, job, made: ids } }: { readonly view: JobView }): ReactElement | null {
  const go = useGo();
  const overview = useOverview(project);
  const made = overview.data?.variants.filter((v) => ids.includes(v.id)) ?? [];
  if (made.length === 0) return null;
  return (
    <div className="job-results">
      {made.map((variant) => (
        <dl key={variant.id} className="numbers">
          <div>
            <dt>Made</dt>
            <dd>{variant.name}</dd>
          </div>
          <div>
            <dt>Δ Top-1</dt>
            <dd>
              <Figure value={shown.difference(variant)} />
            </dd>
          </div>
          <div>
            <dt>Speed-up</dt>
            <dd>
              <Figure value={shown.speedUp(variant)} />
            </dd>
          </div>
          <div>
            <dt>Size</dt>
            <dd>
              <Figure value={shown.size(variant)} />
            </dd>
          </div>
        </dl>
      ))}
      {job.state === "done" && job.plan.steps.length > 1 && <Steps project={project} job={job.id} />}
      {job.state === "done" && (
        <div className="actions">
          <Button intent="primary" icon="comparison" text="Compare" onClick={() => go(paths.compare(project))} />
          <Button text="Back to the overview" onClick={() => go(paths.overview(project))} />
        </div>
      )}
    </div>
  );
}

function Steps({ project, job }: { readonly project: string; readonly job: string }): ReactElement | null {
  const { client } = useEngine();
  const { data } = useQuery({
    queryKey: keys.jobResults(project, job),
    queryFn: () => client.jobs.results({ project, job }),
  });
  return data === undefined || data.length === 0 ? null : <Blocks blocks={data} />;
}
