import { expect, it } from "vitest";
import type { JobState } from "../../core/contract/jobs.ts";
import type { JobView } from "../../core/contract/run.ts";
import { countJob, endedJob, workingJobs } from "../../renderer/client/events.ts";

const view = (project: string, id: string, state: JobState): JobView => ({
  project,
  job: {
    ...{ id, title: id, state, priority: 0, made: [], isMeasured: false, at: "", seconds: 0, attempts: 1 },
    plan: { steps: [], measure: [] },
  },
  made: [],
  can: { pause: false, resume: false, cancel: false },
});

it("counts the jobs of all projects that work, and tells once of each that ends while it looked on", () => {
  const ends: string[] = [];
  endedJob.subscribe(() => ends.push(`${endedJob.get()?.project ?? ""} ${endedJob.get()?.job.state ?? ""}`));
  countJob(view("a", "j1", "running"));
  countJob(view("b", "j1", "queued"));
  countJob(view("a", "j1", "running"));
  expect(workingJobs.get().size).toBe(2);
  countJob(view("a", "j1", "done"));
  countJob(view("a", "j1", "done"));
  countJob(view("b", "j1", "cancelled"));
  // What had ended before is no news.
  countJob(view("c", "j1", "failed"));
  expect(workingJobs.get().size).toBe(0);
  countJob(view("b", "j2", "running"));
  countJob(view("b", "j2", "failed"));
  expect(ends).toEqual(["a done", "b failed"]);
});
