import { Button } from "@blueprintjs/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import type { JobLogEntry } from "../../../core/contract/jobs.ts";
import type { JobView } from "../../../core/contract/run.ts";
import { Blocks } from "../../blocks/Blocks.tsx";
import { useEngine } from "../../client/engine.ts";
import { keys } from "../../client/keys.ts";
import { useOverview } from "../../client/queries.ts";
import { paths, useGo } from "../../kit/navigation.ts";
import { Figure, shown } from "../../kit/numbers.tsx";

export interface JobResultsProps {
  readonly view: JobView;
  readonly log: readonly JobLogEntry[];
}

/** The variants that came of it, as they are now, and what was found out on the way. */
export function JobResults({ view: { project, job, made: ids }, log }: JobResultsProps): ReactElement | null {
  const go = useGo();
  const overview = useOverview(project);
  const trials = log.reduce((sum, { event }) => sum + (event.kind === "trials" ? event.count : 0), 0);
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
      {job.state === "done" && (
        <>
          <div className="actions">
            <Button intent="primary" icon="comparison" text="Compare" onClick={() => go(paths.compare(project))} />
            {trials > 0 && (
              <Button
                icon="scatter-plot"
                text={trials === 1 ? "1 trial" : `${trials.toLocaleString("en-US")} trials`}
                onClick={() => go(paths.trials(project, job.id))}
              />
            )}
            <Button text="Back to the overview" onClick={() => go(paths.overview(project))} />
          </div>
          <Found project={project} job={job.id} />
        </>
      )}
    </div>
  );
}

/** What its methods found out, and of a chain what each step changed. */
function Found({ project, job }: { readonly project: string; readonly job: string }): ReactElement | null {
  const { client } = useEngine();
  const { data } = useQuery({
    queryKey: keys.jobResults(project, job),
    queryFn: () => client.jobs.results({ project, job }),
  });
  return data === undefined || data.length === 0 ? null : <Blocks blocks={data} />;
}
