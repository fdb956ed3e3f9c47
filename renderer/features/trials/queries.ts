import { useQuery } from "@tanstack/react-query";
import type { Objective } from "../../../core/contract/trials.ts";
import type {
  Importance,
  TrialFront,
  TrialOrder,
  TrialPoints,
  TrialRows,
  TrialSearch,
  TrialSummary,
} from "../../../core/contract/trialViews.ts";
import { useEngine } from "../../client/engine.ts";
import { keys } from "../../client/keys.ts";
import { asked, useJobs, type Asked } from "../../client/queries.ts";

/** Milliseconds between two looks while something runs. */
const PACE = 5000;

/** Asks again now and then while a job may add trials; never otherwise. */
function usePace(project: string): number | false {
  const jobs = useJobs(project).data;
  return jobs?.some((v) => v.job.state === "running") === true ? PACE : false;
}

const keyOf = (project: string, ...rest: readonly unknown[]): readonly unknown[] => [
  ...keys.project(project),
  "trials",
  ...rest,
];

export function useTrialSummary(project: string): Asked<TrialSummary> {
  const { client } = useEngine();
  const refetchInterval = usePace(project);
  return asked(
    useQuery({
      queryKey: keyOf(project, "summary"),
      queryFn: ({ signal }) => client.trials.summary({ project }, { signal }),
      refetchInterval,
    }),
  );
}

export interface PageQuestion {
  readonly search: TrialSearch;
  readonly order: TrialOrder | undefined;
  readonly offset: number;
  readonly limit: number;
}

export const pageKey = (project: string, { search, order, offset }: PageQuestion): readonly unknown[] =>
  keyOf(project, "page", JSON.stringify([search, order]), offset);

export function useTrialPage(project: string, question: PageQuestion): Asked<TrialRows> {
  const { client } = useEngine();
  const refetchInterval = usePace(project);
  const { order, ...rest } = question;
  return asked(
    useQuery({
      queryKey: pageKey(project, question),
      queryFn: ({ signal }) => client.trials.page({ project, ...rest, ...(order && { order }) }, { signal }),
      refetchInterval,
      placeholderData: (before) => before,
    }),
  );
}

export interface PointsQuestion {
  readonly search: TrialSearch;
  readonly columns: readonly string[];
  readonly limit: number;
  readonly objectives: readonly Objective[];
  readonly include: readonly number[];
}

export function useTrialPoints(project: string, question: PointsQuestion): Asked<TrialPoints> {
  const { client } = useEngine();
  const { search, columns, limit, objectives, include } = question;
  return asked(
    useQuery({
      queryKey: keyOf(project, "points", JSON.stringify(question)),
      queryFn: ({ signal }) =>
        client.trials.points(
          { project, search, columns: [...columns], limit, objectives: [...objectives], include: [...include] },
          { signal },
        ),
      enabled: columns.length > 0,
      placeholderData: (before) => before,
    }),
  );
}

export function useTrialFront(
  project: string,
  { search, objectives }: Pick<PointsQuestion, "search" | "objectives">,
): Asked<TrialFront> {
  const { client } = useEngine();
  return asked(
    useQuery({
      queryKey: keyOf(project, "front", JSON.stringify([search, objectives])),
      queryFn: ({ signal }) => client.trials.front({ project, search, objectives: [...objectives] }, { signal }),
      enabled: objectives.length > 0,
      placeholderData: (before) => before,
    }),
  );
}

export function useImportance(project: string, search: TrialSearch, value: string | undefined): Asked<Importance[]> {
  const { client } = useEngine();
  return asked(
    useQuery({
      queryKey: keyOf(project, "importance", JSON.stringify(search), value),
      queryFn: ({ signal }) => client.trials.importance({ project, search, value: value ?? "" }, { signal }),
      enabled: value !== undefined,
      placeholderData: (before) => before,
    }),
  );
}
