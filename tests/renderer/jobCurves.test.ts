import { expect, it } from "vitest";
import { foldProgress } from "../../core/app/jobProgress.ts";
import type { JobLogEntry } from "../../core/contract/jobs.ts";
import { hiddenJobColumns, showJobColumn, shownJobColumns } from "../../renderer/features/jobs/columns.ts";
import { curvesOf, decimate } from "../../renderer/features/jobs/curves.ts";

it("keeps the ends and every spike of a long curve", () => {
  const points = Array.from({ length: 10_000 }, (_, i): [number, number] => [i, i === 7321 ? 99 : Math.sin(i / 50)]);
  const drawn = decimate(points, 400);
  expect(drawn.length).toBeLessThanOrEqual(400);
  expect(drawn[0]).toEqual([0, 0]);
  expect(drawn.at(-1)).toEqual(points.at(-1));
  expect(drawn.some(([, y]) => y === 99)).toBe(true);
  const xs = drawn.map(([x]) => x);
  expect(xs).toEqual(xs.toSorted((a, b) => a - b));
  expect(decimate(points.slice(0, 400), 400)).toHaveLength(400);
});

/** A log of one event each second. */
const logOf = (...events: readonly JobLogEntry["event"][]): JobLogEntry[] =>
  events.map((event, i) => ({ at: new Date(1000 * i).toISOString(), event }));
const metric = (name: string, value: number): JobLogEntry["event"] => ({ kind: "metric", name, value });
const seriesOf = (log: readonly JobLogEntry[]): unknown[] =>
  curvesOf(log).flatMap((b) => (b.kind === "lines" ? [[b.title, b.series.map((s) => [s.label, s.points])]] : []));

it("draws a curve for each metric that was told more than once, in its unit", () => {
  const log = logOf(
    ...[metric("loss", 3), metric("accuracy", 0.5), metric("loss", 2), metric("estimated-memory-bytes", 9)],
    ...[metric("memory-bytes", 2 ** 20), metric("memory-bytes", 2 ** 21), metric("own-idea", 1), metric("own-idea", 2)],
  );
  expect(seriesOf(log)).toEqual([
    ["Loss", [["Loss", [[0, 3], [2, 2]]]]], // prettier-ignore
    ["Memory", [["Memory", [[4, 1], [5, 2]]]]], // prettier-ignore
    ["Own idea", [["Own idea", [[6, 1], [7, 2]]]]], // prettier-ignore
  ]);
});

it("keeps the trainings of a job apart, and their epochs together", () => {
  const epoch = (n: number): JobLogEntry["event"] => ({ kind: "stage", name: `Epoch ${n}`, within: true });
  const training = (...accuracies: readonly number[]): JobLogEntry["event"][] =>
    accuracies.flatMap((a, i) => [epoch(i + 1), metric("accuracy", a)]);
  const log = logOf(
    ...[{ kind: "stage", name: "Student" } as const, ...training(0.5, 0.6)],
    ...[{ kind: "stage", name: "Baseline" } as const, ...training(0.25, 0.75)],
  );
  expect(seriesOf(log)).toEqual([
    ["Validation accuracy", [["Student", [[1, 50], [2, 60]]], ["Baseline", [[1, 25], [2, 75]]]]], // prettier-ignore
  ]);
});

it("leaves out the time between two attempts", () => {
  const state = (name: "interrupted" | "running"): JobLogEntry["event"] => ({ kind: "state", state: name });
  const log = logOf(metric("loss", 3), metric("loss", 2), state("interrupted"), state("running"), metric("loss", 1));
  const later = log.map((entry, i) => (i < 3 ? entry : { ...entry, at: new Date(1e9 + 1000 * i).toISOString() }));
  expect(seriesOf(later)).toEqual([["Loss", [["Loss", [[0, 3], [1, 2], [2, 1]]]]]]); // prettier-ignore
});

it("remembers the best of a run: the highest accuracy, or else the lowest loss", () => {
  const fold = foldProgress(1);
  const tell = (name: string, value: number): unknown => {
    fold.take({ kind: "metric", name, value }, 0);
    return fold.now.best;
  };
  expect(tell("loss", 3)).toEqual({ name: "loss", value: 3 });
  expect(tell("loss", 4)).toEqual({ name: "loss", value: 3 });
  expect(tell("accuracy", 0.4)).toEqual({ name: "accuracy", value: 0.4 });
  expect(tell("accuracy", 0.3)).toEqual({ name: "accuracy", value: 0.4 });
  expect(tell("epoch-loss", 0.1)).toEqual({ name: "accuracy", value: 0.4 });
  fold.take({ kind: "usage", cores: 1.5, memory: 10, peak: 12 }, 0);
  expect(fold.now.usage).toEqual({ cores: 1.5, memory: 10, peak: 12 });
});

it("keeps by project which columns the table of jobs has", () => {
  showJobColumn("a", "device", false);
  showJobColumn("a", "left", false);
  showJobColumn("a", "left", true);
  const titles = (project: string): readonly string[] =>
    shownJobColumns(hiddenJobColumns.get(), project).map((c) => c.title);
  expect(titles("a")).toEqual(["State", "Progress", "Elapsed", "Left", "Best", "Started"]);
  expect(titles("b")).toContain("Device");
});

it("says of which stage an epoch is a part", () => {
  const fold = foldProgress(1);
  const stages: readonly [string, true?][] = [["Epoch 1", true], ["Student"], ["Epoch 1", true], ["Comparing"]]; // prettier-ignore
  const told = stages.map(([name, within]) => {
    fold.take({ kind: "stage", name, ...(within && { within }) }, 0);
    return fold.now.stage;
  });
  expect(told).toEqual(["Epoch 1", "Student", "Student · Epoch 1", "Comparing"]);
});
