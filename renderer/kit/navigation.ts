import { useRouter } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Json } from "../../core/base/json.ts";

/** Addresses of the screens, as they stand behind the "#". */
export const paths = {
  home: () => "/",
  overview: (project: string) => `/p/${project}/overview`,
  data: (project: string, data?: string) => `/p/${project}/data${data === undefined ? "" : `?data=${data}`}`,
  model: (project: string, { variant, beside = [] }: ModelStart = {}) => {
    const query = new URLSearchParams({
      ...(variant !== undefined && { variant }),
      ...(beside.length > 0 && { beside: beside.join(",") }),
    });
    return `/p/${project}/model${query.size === 0 ? "" : `?${query.toString()}`}`;
  },
  methods: (project: string) => `/p/${project}/methods`,
  wizard: (project: string, options: WizardStart = {}) => {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(options) as [string, WizardStart[keyof WizardStart]][])
      if (value !== undefined) query.set(name, typeof value === "string" ? value : JSON.stringify(value));
    return `/p/${project}/wizard${query.size === 0 ? "" : `?${query.toString()}`}`;
  },
  jobs: (project: string, job?: string) => `/p/${project}/jobs${job === undefined ? "" : `/${job}`}`,
  compare: (project: string) => `/p/${project}/compare`,
  trials: (project: string, job?: string) => `/p/${project}/trials${job === undefined ? "" : `?job=${job}`}`,
  /** One sample in the data browser. */
  sample: (project: string, index: number) => `/p/${project}/data?sample=${index}`,
  export: (project: string, variant?: string) =>
    `/p/${project}/export${variant === undefined ? "" : `?variant=${variant}`}`,
  settings: () => "/settings",
} as const;

/** Which variant the model viewer shows, and which beside it. */
export interface ModelStart {
  readonly variant?: string | undefined;
  readonly beside?: readonly string[];
}

/** What a wizard starts with. */
export interface WizardStart {
  readonly method?: string | undefined;
  readonly from?: string | undefined;
  /** Of that method, other than the defaults. */
  readonly params?: Readonly<Record<string, Json>> | undefined;
  /** A variant whose recipe is taken over. */
  readonly clone?: string | undefined;
  /** A job whose plan is taken over. */
  readonly job?: string | undefined;
  /** A trial that is made again, by its number in the project. */
  readonly trial?: string | undefined;
  /** A preset, by its name. */
  readonly preset?: string | undefined;
  /** A layer that the method is to leave alone, beside those that it leaves already. */
  readonly exclude?: string | undefined;
}

/** The address of a link to a screen. */
export function href(path: string): string {
  return `#${path}`;
}

export interface Go {
  (path: string): void;
  replace(path: string): void;
}

/** Goes to a screen. */
export function useGo(): Go {
  const { history } = useRouter();
  return useMemo(
    () => Object.assign((path: string) => history.push(path), { replace: (path: string) => history.replace(path) }),
    [history],
  );
}
