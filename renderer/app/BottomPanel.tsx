import { Button, Tab, Tabs } from "@blueprintjs/core";
import { useState, type ReactElement } from "react";
import { useJobLog, useJobs, useOverview } from "../client/queries.ts";
import { LogList } from "../features/jobs/LogList.tsx";
import { togglePanel } from "../kit/layout.ts";
import { Glyph } from "../kit/Glyph.tsx";
import { pastProblems } from "../kit/problems.ts";
import { useStore } from "../kit/store.ts";
import { Empty, Failed, Loading } from "../kit/states.tsx";

/** The log of the job that runs, or ran last, and what went wrong anywhere in the project. */
export function BottomPanel({ project }: { readonly project: string }): ReactElement {
  const [tab, setTab] = useState<"log" | "problems">("log");
  const problems = useProblems(project);
  return (
    <div className="bottom" tabIndex={-1} data-pane>
      <Tabs
        id="bottom"
        selectedTabId={tab}
        onChange={(next) => setTab(next === "problems" ? "problems" : "log")}
        renderActiveTabPanelOnly
      >
        <Tab id="log" title="Log" panel={<CurrentLog project={project} />} />
        <Tab id="problems" title={`Problems (${problems.length})`} panel={<Problems problems={problems} />} />
      </Tabs>
      <div className="bottom-close">
        <Button
          variant="minimal"
          icon="cross"
          aria-label="Hide the bottom panel"
          onClick={() => togglePanel("bottom")}
        />
      </div>
    </div>
  );
}

function CurrentLog({ project }: { readonly project: string }): ReactElement {
  const jobs = useJobs(project);
  const current = jobs.data?.find((v) => v.job.state === "running") ?? jobs.data?.at(-1);
  if (current === undefined) {
    return (
      <Empty icon="console" title="No job has run yet">
        The log of the running job is shown here.
      </Empty>
    );
  }
  return <JobLog project={project} job={current.job.id} />;
}

function JobLog({ project, job }: { readonly project: string; readonly job: string }): ReactElement {
  const { data, failure, again } = useJobLog(project, job);
  if (failure !== undefined) return <Failed failure={failure} retry={again} />;
  return data === undefined ? (
    <Loading what="the log" />
  ) : (
    <LogList entries={data} name="Log lines of the bottom panel" />
  );
}

interface Problem {
  readonly where: string;
  readonly text: string;
  readonly isFailure: boolean;
  readonly key: string;
}

function useProblems(project: string): readonly Problem[] {
  const jobs = useJobs(project).data ?? [];
  const variants = useOverview(project).data?.variants ?? [];
  const past = useStore(pastProblems);
  return [
    ...jobs.flatMap(({ job }) =>
      job.failure === undefined ? [] : [{ key: job.id, where: job.title, text: job.failure.message, isFailure: true }],
    ),
    ...variants.flatMap((v) =>
      v.warnings.map((text) => ({ key: `${v.id} ${text}`, where: v.name, text, isFailure: false })),
    ),
    ...past.map(({ at, text }, i) => ({
      key: `${at} ${i}`,
      where: new Date(at).toLocaleString("en-GB", { dateStyle: "short", timeStyle: "short" }),
      text,
      isFailure: true,
    })),
  ];
}

function Problems({ problems }: { readonly problems: readonly Problem[] }): ReactElement {
  if (problems.length === 0) {
    return (
      <Empty icon="tick-circle" title="No problems">
        Failed jobs and warnings about variants are listed here.
      </Empty>
    );
  }
  return (
    <>
      {pastProblems.get().length > 0 && (
        <Button
          size="small"
          variant="minimal"
          icon="eraser"
          text="Clear what went wrong in passing"
          onClick={() => pastProblems.set([])}
        />
      )}
      <ul className="plain-list problems">
        {problems.map(({ key, where, text, isFailure }) => (
          <li key={key}>
            <Glyph icon={isFailure ? "error" : "warning-sign"} className={isFailure ? "tone-bad" : "tone-warning"} />
            <span>
              <strong>{where}</strong> {text}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
