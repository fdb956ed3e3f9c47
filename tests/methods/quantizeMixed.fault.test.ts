import { appendFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { mixedRun } from "./mixedRun.ts";
import { killAt } from "../killAt.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lathe-mixed-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const victim = join(import.meta.dirname, "mixedVictim.ts");

const linesOf = async (path: string): Promise<readonly string[]> => (await readFile(path, "utf8")).trim().split("\n");

describe("mixed precision whose process is killed", () => {
  it("goes on with the trials that are left, to the same bytes", async () => {
    const whole = await mixedRun(join(folder, "whole.jsonl"));
    expect(whole.trials).toBe(15);
    const path = join(folder, "trials.jsonl");
    for (const line of ["trial 3", "trial 9"]) {
      await killAt(line, victim, path);
      const kept = await linesOf(path);
      expect(kept.length).toBeGreaterThan(Number(line.slice(6)));
      expect(kept.length).toBeLessThan(whole.trials);
    }
    const before = await linesOf(path);
    const told: number[] = [];
    const resumed = await mixedRun(path, (place) => told.push(place));
    expect(resumed).toEqual(whole);
    expect(told).toEqual(Array.from({ length: whole.trials - before.length }, (_, i) => before.length + i));
    expect((await linesOf(path)).slice(0, before.length)).toEqual(before);
  });

  it("tries again what was only half written", async () => {
    const whole = await mixedRun(join(folder, "whole.jsonl"));
    const path = join(folder, "trials.jsonl");
    await killAt("trial 6", victim, path);
    await appendFile(path, '{"number":99,"group":"sensitivity","point":{"layer":"c2","for');
    expect(await mixedRun(path)).toEqual(whole);
  });
});
