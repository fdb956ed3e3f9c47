import { expect, test } from "vitest";
import type { JobView } from "../../core/contract/run.ts";
import { stateText } from "../../renderer/features/overview/RecentJobs.tsx";

const job = { state: "running" } as JobView["job"];

test("a job's state is told in a word, with how far it is or why it failed", () => {
  const progress = { done: 2, total: 5 } as NonNullable<JobView["progress"]>;
  expect(stateText({ job, progress })).toBe("running, 40 %");
  expect(stateText({ job })).toBe("running");
  expect(stateText({ job: { ...job, state: "done" }, progress })).toBe("done");
  const failure = { code: "io", message: "The disk is full." };
  expect(stateText({ job: { ...job, state: "failed", failure } })).toBe("failed: The disk is full.");
});
