import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { largestBatch, type MemoryPlan } from "../../core/train/memory.ts";
import type { MemorySubject } from "./memoryProbe.ts";

const probe = join(import.meta.dirname, "memoryProbe.ts");

function run(task: "estimate" | "peak", subject: MemorySubject): Record<"total" | "peak", number> {
  const { status, stdout, stderr } = spawnSync(process.execPath, [probe, task, JSON.stringify(subject)], {
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout) as Record<"total" | "peak", number>;
}

const small = [3, 32, 32];
const recompute = { recompute: true };

const SUBJECTS: readonly MemorySubject[] = [
  { net: "resnet20", input: small, batch: 128 },
  { net: "resnet20", input: small, batch: 128, plan: recompute },
  { net: "resnet20", input: small, batch: 64, isLowered: false },
  { net: "mobilenetv2", input: small, batch: 32, params: { width: 0.5 } },
  { net: "mobilenetv3-small", input: small, batch: 128 },
  { net: "ds-cnn-s", input: [1, 49, 10], batch: 128, classes: 12 },
  { net: "vit-tiny", input: small, batch: 16, params: { patch: 8 }, plan: { optimizer: { kind: "adamw" } } },
  { net: "lstm", input: [50, 40], batch: 64, classes: 12 },
  { net: "unet", input: [1, 64, 64], batch: 16, classes: 2, params: { width: 0.25 } },
];

/** Milliseconds. Each case takes a few seconds where nothing else runs. */
const TIMEOUT = 600_000;

const titleOf = ({ net, input, batch, plan, isLowered }: MemorySubject): string =>
  [`${net} of ${input.join("×")}`, `batch ${batch}`, ...(plan ? [JSON.stringify(plan)] : [])].join(", ") +
  (isLowered === false ? ", not lowered" : "");

describe("the estimate of a training's memory", () => {
  it.each(SUBJECTS.map((s) => ({ title: titleOf(s), ...s })))(
    "is within 15 per cent of the measured peak: $title",
    { timeout: TIMEOUT },
    (subject) => {
      const { total } = run("estimate", subject);
      const { peak } = run("peak", subject);
      expect(Math.abs(total / peak - 1), `${total} estimated, ${peak} measured`).toBeLessThan(0.15);
    },
  );

  it("says what batch fits into a limit", () => {
    const plan: MemoryPlan = { batch: 10, state: 5, activations: 30, perSample: 3, rest: 15, total: 50 };
    expect(largestBatch(plan, 50)).toBe(10);
    expect(largestBatch(plan, 61)).toBe(13);
    expect(largestBatch(plan, 24)).toBe(1);
    expect(largestBatch(plan, 19)).toBe(0);
  });
});
