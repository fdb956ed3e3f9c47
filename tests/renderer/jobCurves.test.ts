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

it("draws a curve for each metric that was told more than once", () => {
  const metric = (name: string, value: number): JobLogEntry => ({ at: "", event: { kind: "metric", name, value } });
  const log = [metric("loss", 3), metric("accuracy", 0.5), metric("loss", 2), metric("estimated-memory-bytes", 9)];
  expect(curvesOf(log).map((b) => b.kind === "lines" && [b.title, b.series[0]?.points])).toEqual([
    ["loss", [[1, 3], [2, 2]]], // prettier-ignore
  ]);
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
