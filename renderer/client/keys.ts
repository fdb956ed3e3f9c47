/** Names of what is kept of the engine's answers. What a project's change makes stale stands below its name. */
export const keys = {
  recent: () => ["recent"],
  methods: () => ["methods"],
  status: () => ["status"],
  project: (project: string) => ["project", project],
  overview: (project: string) => ["project", project, "overview"],
  comparison: (project: string, variants: readonly string[]) => ["project", project, "comparison", ...variants],
  jobs: (project: string) => ["jobs", project],
  log: (project: string, job: string) => ["log", project, job],
} as const;
