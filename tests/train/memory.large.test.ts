import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { largestBatch, type MemoryPlan } from "../../core/train/memory.ts";

function probe(...args: readonly string[]): Record<"total" | "peak", number> {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, "memoryProbe.ts"), ...args],
    {
      encoding: "utf8",
      env: { ...process.env, NODE_OPTIONS: "" },
    },
  );
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout) as Record<"total" | "peak", number>;
}

describe("the estimate of a training's memory", () => {
  it.each([
    ["resnet20", "128", "3", "32", "32"],
    ["resnet8", "256", "1", "28", "28"],
  ])("is within 15 %% of the measured peak for %s, batch %s", (...args) => {
    const { total } = probe("estimate", ...args);
    const { peak } = probe("peak", ...args);
    expect(Math.abs(total / peak - 1), `${total} estimated, ${peak} measured`).toBeLessThan(0.15);
  });

  it("says what batch fits into a limit", () => {
    const plan: MemoryPlan = { batch: 10, state: 5, activations: 30, perSample: 3, rest: 15, total: 50 };
    expect(largestBatch(plan, 50)).toBe(10);
    expect(largestBatch(plan, 61)).toBe(13);
    expect(largestBatch(plan, 24)).toBe(1);
    expect(largestBatch(plan, 19)).toBe(0);
  });
});
