import { expect, test } from "vitest";
import { foldProgress, progressOfLog } from "../../core/app/jobProgress.ts";
import { nextToStart, threadsOf, whyNoRoom, whyPause } from "../../core/app/jobSchedule.ts";
import type { Job, JobHappening } from "../../core/contract/jobs.ts";

const progress = (done: number, total = 100): JobHappening => ({ kind: "progress", done, total, unit: "trials" });

test("says when it will be done once 5 % are, counting from where this attempt began", () => {
  const fold = foldProgress(2);
  fold.take({ kind: "step", step: 2, steps: 2, method: "train" }, 0);
  fold.take({ kind: "stage", name: "Epoch 1" }, 0);
  fold.take(progress(20), 1000);
  fold.take(progress(24), 5000);
  expect(fold.now).toMatchObject({ stage: "Epoch 1", done: 24, total: 100, step: 2, steps: 2 });
  expect(fold.now.secondsLeft).toBeUndefined();
  fold.take({ kind: "stage", name: "Epoch 2" }, 5500);
  fold.take({ kind: "metric", name: "loss", value: 0.5 }, 5500);
  fold.take(progress(30), 11_000);
  // Ten in ten seconds; seventy are left.
  expect(fold.now).toMatchObject({ stage: "Epoch 2", secondsLeft: 70, metrics: { loss: 0.5 } });
  fold.take(progress(1, 7), 12_000);
  expect(fold.now.secondsLeft).toBeUndefined();
});

test("a log tells how its latest attempt stands", () => {
  const entries = [progress(5), { kind: "state", state: "running" } as const, progress(0), progress(50)].map(
    (event, i) => ({ at: `2026-01-01T00:00:0${i}.000Z`, event }),
  );
  expect(progressOfLog(entries, 1)).toMatchObject({ done: 50, secondsLeft: 1 });
});

function someJob(id: string, threads: number, more: Partial<Job> = {}): Job {
  const step = { method: "train", version: 1, params: {}, seed: 0, threads, measure: false };
  const plan = { steps: [step], measure: [] };
  const at = "2026-01-01T00:00:00.000Z";
  const rest = { made: [], isMeasured: false, at, seconds: 0, attempts: 0, priority: 0 };
  return { id, title: id, state: "queued", plan, ...rest, ...more };
}

test("one job may always run; more have to fit in cores and memory; nobody overtakes", () => {
  const limits = { cores: 4, memory: 1000 };
  const [small, large] = [someJob("small", 1), someJob("large", 16, { priority: 1 })];
  expect(threadsOf(large)).toBe(16);
  expect(nextToStart([], [], limits)).toBeUndefined();
  expect(nextToStart([small, large], [], limits)?.id).toBe("large");
  expect(nextToStart([small, large], [someJob("other", 1)], limits)).toBeUndefined();
  expect(nextToStart([small], [someJob("other", 3)], limits)?.id).toBe("small");
  expect(nextToStart([small], [someJob("other", 4)], limits)).toBeUndefined();
  const hungry = (id: string): Job => someJob(id, 1, { estimate: { seconds: 1, memory: 600, disk: 0 } });
  expect(nextToStart([hungry("b")], [hungry("a")], limits)).toBeUndefined();
  expect(nextToStart([hungry("b")], [hungry("a")], { ...limits, memory: 1200 })?.id).toBe("b");
});

test("a job needs half as much room again as it will take, and a gibibyte in any case", () => {
  const job = { estimate: { seconds: 1, memory: 1, disk: 2 ** 31 } };
  expect(whyNoRoom(job, undefined)).toBeUndefined();
  expect(whyNoRoom(job, 3 * 2 ** 30)).toBeUndefined();
  expect(whyNoRoom(job, 2.5 * 2 ** 30)).toBe("The disk has 2.50 GiB left, and 3.00 GiB are needed.");
  expect(whyPause(2 ** 30)).toBeUndefined();
  expect(whyPause(2 ** 29)).toBe("The disk has 512 MiB left, and 1.00 GiB are needed.");
});
