import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import type { ComparisonView } from "../../core/contract/compare.ts";
import type { Failure } from "../../core/contract/failure.ts";
import type { JobLogEntry } from "../../core/contract/jobs.ts";
import type { MethodInfo } from "../../core/contract/method.ts";
import type { Preset } from "../../core/contract/preset.ts";
import type { JobView, LayerName, RunAsked } from "../../core/contract/run.ts";
import type { DiagnosisView, EngineStatus, Overview, RecentProject } from "../../core/contract/views.ts";
import { useEngine } from "./engine.ts";
import { failureOf } from "./failure.ts";
import { keys } from "./keys.ts";

/** What a screen gets: the answer, or a failure, or neither yet. */
export interface Asked<T> {
  readonly data: T | undefined;
  readonly failure: Failure | undefined;
  readonly again: () => void;
}

export function asked<T>({ data, error, refetch }: UseQueryResult<T>): Asked<T> {
  return {
    data,
    failure: error === null ? undefined : failureOf(error),
    again: () => void refetch(),
  };
}

export function useRecent(): Asked<RecentProject[]> {
  const { client } = useEngine();
  return asked(useQuery({ queryKey: keys.recent(), queryFn: () => client.projects.recent() }));
}

export function useMethods(): Asked<MethodInfo[]> {
  const { client } = useEngine();
  return asked(useQuery({ queryKey: keys.methods(), queryFn: () => client.methods.list(), staleTime: Infinity }));
}

export function useStatus(): Asked<EngineStatus> {
  const { client } = useEngine();
  return asked(useQuery({ queryKey: keys.status(), queryFn: () => client.engine.status(), refetchInterval: 60_000 }));
}

/** Writes a path as people know it: what lies in their own folder starts with "~". */
export function useShortPath(): (path: string) => string {
  const home = useStatus().data?.home;
  return (path) => {
    const below = home !== undefined && home.length > 1 && path.startsWith(home) ? path.slice(home.length) : undefined;
    return below !== undefined && (below === "" || /^[/\\]/.test(below)) ? `~${below}` : path;
  };
}

export function useOverview(project: string): Asked<Overview> {
  const { client } = useEngine();
  return asked(useQuery({ queryKey: keys.overview(project), queryFn: () => client.overview.get({ project }) }));
}

export function useComparison(project: string, variants: readonly string[]): Asked<ComparisonView> {
  const { client } = useEngine();
  return asked(
    useQuery({
      queryKey: keys.comparison(project, variants),
      queryFn: () => client.compare.get({ project, variants: [...variants] }),
      placeholderData: (before) => before,
    }),
  );
}

/** The jobs of a project; the engine's events keep them fresh. */
export function useJobs(project: string | undefined): Asked<JobView[]> {
  const { client } = useEngine();
  return asked(
    useQuery({
      queryKey: keys.jobs(project ?? ""),
      queryFn: () => client.jobs.list({ project: project ?? "" }),
      enabled: project !== undefined,
    }),
  );
}

export function useJobLog(project: string, job: string): Asked<JobLogEntry[]> {
  const { client } = useEngine();
  return asked(useQuery({ queryKey: keys.log(project, job), queryFn: () => client.jobs.log({ project, job }) }));
}

/** The layers of a variant that parameters can name. */
export function useLayers(project: string, variant: string): Asked<LayerName[]> {
  const { client } = useEngine();
  return asked(
    useQuery({
      queryKey: keys.layers(project, variant),
      queryFn: () => client.methods.layers({ project, variant }),
      enabled: variant !== "",
    }),
  );
}

export function usePresets(project: string): Asked<Preset[]> {
  const { client } = useEngine();
  return asked(useQuery({ queryKey: keys.presets(project), queryFn: () => client.presets.list({ project }) }));
}

/** The run that makes a trial again; nothing is asked where there is no trial. */
export function useTrialRecipe(project: string, trial: number | undefined): Asked<RunAsked> {
  const { client } = useEngine();
  return asked(
    useQuery({
      queryKey: keys.trialRecipe(project, trial ?? 0),
      queryFn: () => client.trials.recipe({ project, trial: trial ?? 0 }),
      enabled: trial !== undefined,
    }),
  );
}

/** What the engine's machine can do; it does not change while the engine runs. */
export function useDiagnosis(): Asked<DiagnosisView> {
  const { client } = useEngine();
  return asked(useQuery({ queryKey: keys.diagnosis(), queryFn: () => client.engine.diagnose(), staleTime: Infinity }));
}
