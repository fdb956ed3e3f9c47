/** Names of what is kept of the engine's answers. What a project's change makes stale stands below its name. */
export const keys = {
  recent: () => ["recent"],
  methods: () => ["methods"],
  status: () => ["status"],
  project: (project: string) => ["project", project],
  overview: (project: string) => ["project", project, "overview"],
  comparison: (project: string, variants: readonly string[]) => ["project", project, "comparison", ...variants],
  layers: (project: string, variant: string) => ["project", project, "layers", variant],
  presets: (project: string) => ["presets", project],
  trialRecipe: (project: string, trial: number) => ["recipe", project, trial],
  jobResults: (project: string, job: string) => ["project", project, "results", job],
  storage: (project: string) => ["storage", project],
  diagnosis: () => ["diagnosis"],
  jobs: (project: string) => ["jobs", project],
  log: (project: string, job: string) => ["log", project, job],
} as const;
