import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runChild } from "../../core/runtime/child.ts";
import type { TrainPlan } from "../../core/train/plan.ts";
import { hasSoftwareVulkan, unpackSoftwareVulkan, vulkanNote } from "../softwareVulkan.ts";
import type { DeviceAnswer, DeviceTask } from "./deviceLosses.ts";

const SCRIPT = new URL("./deviceLosses.ts", import.meta.url);
const BATCHES = 8;

const PLANS: readonly (readonly [string, Partial<TrainPlan>])[] = [
  ["momentum", {}],
  [
    "Adam, gradients of two batches, clipping and an average of the weights",
    { optimizer: { kind: "adam" }, rate: 0.01, accumulate: 2, clip: 1, averageDecay: 0.9 },
  ],
];

describe.skipIf(!hasSoftwareVulkan)(`training on WebGPU with a software driver${vulkanNote}`, () => {
  let folder = "";
  let environment: Readonly<Record<string, string>> = {};

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "lathe-vulkan-"));
    environment = unpackSoftwareVulkan(folder);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(PLANS)("gives the losses of the CPU with %s", async (_, plan) => {
    const train = (task: DeviceTask): Promise<DeviceAnswer> => runChild<DeviceAnswer>(SCRIPT, task, { environment });
    const made = { ...plan, epochs: 1 };
    const cpu = await train({ provider: "cpu", plan: made });
    const gpu = await train({ provider: "webgpu", plan: made });
    expect(cpu.losses.length).toBe(BATCHES);
    expect(gpu.losses.length).toBe(BATCHES);
    expect(cpu.losses.at(-1)!).toBeLessThan(cpu.losses[0]!);
    for (const [i, loss] of gpu.losses.entries()) {
      expect(Math.abs(loss - cpu.losses[i]!), `batch ${i + 1}`).toBeLessThan(1e-3);
    }
    // One sample of the 128 may stand on the border.
    gpu.accuracies.forEach((share, i) => expect(Math.abs(share! - cpu.accuracies[i]!)).toBeLessThanOrEqual(1 / 128));
  });
});
