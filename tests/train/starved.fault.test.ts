import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { toLatheError, type LatheError } from "../../core/base/error.ts";
import { runChild } from "../../core/runtime/child.ts";
import { hasSoftwareVulkan, unpackSoftwareVulkan } from "../softwareVulkan.ts";
import { smallNet } from "./models.ts";
import { run, type Ran } from "./run.ts";
import type { StarvedTask } from "./starved.ts";

const hasLimits = process.platform === "linux" && spawnSync("prlimit", ["--version"]).status === 0;
const note = hasLimits ? "" : " (skipped: prlimit, which takes a process its memory, is at hand on Linux only)";
const SCRIPT = new URL("./starved.ts", import.meta.url);

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lathe-starved-"));
  path = join(folder, "checkpoint");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs a training that loses its memory, and gives what it failed with. */
const starve = (task: StarvedTask, environment: Readonly<Record<string, string>> = {}): Promise<LatheError> =>
  runChild<string>(SCRIPT, task, { environment }).then(
    () => Promise.reject(new Error("The training had enough memory.")),
    (thrown: unknown) => toLatheError(thrown),
  );

const resumedAt = ({ events }: Ran): string | undefined =>
  events.flatMap((e) => (e.kind === "message" && e.text.startsWith("Resuming") ? [e.text] : []))[0];

describe.skipIf(!hasLimits)(`a training whose memory runs out${note}`, () => {
  // A step takes far more than what opening the sessions has left over.
  const widths = [256, 256];
  const plan = { batch: 128 };
  const model = smallNet({ classes: 4, widths });

  it("says so and what to do, and goes on later to the same bytes", async () => {
    const whole = await run(plan, { model });
    const control = new AbortController();
    const saving = { path, key: "k", batches: 1 };
    const stopped = run(plan, {
      model,
      saving,
      signal: control.signal,
      emit: (e) => {
        if (e.kind === "message") control.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({ code: "cancelled" });
    const failure = await starve({ path, provider: "cpu", widths, plan, after: 0, rest: 16 * 2 ** 20 });
    expect(failure.code).toBe("device");
    expect(failure.message).toMatch(/^ONNX Runtime ran out of memory and failed in the model: /);
    expect(failure.hint).toBe("Take a smaller batch or free some memory.");
    expect(await readdir(folder)).toEqual(["checkpoint"]);
    const resumed = await run(plan, { model, saving });
    expect(resumedAt(resumed)).toBe("Resuming in epoch 2, batch 1.");
    expect(resumed.bytes).toBe(whole.bytes);
  });
});

const hasBoth = hasLimits && hasSoftwareVulkan;

describe.skipIf(!hasBoth)(
  `a training whose device is lost${hasBoth ? "" : " (skipped: needs SwiftShader and prlimit)"}`,
  () => {
    it("says so, keeps the checkpoint, and goes on elsewhere", async () => {
      const vulkan = await mkdtemp(join(tmpdir(), "lathe-vulkan-"));
      try {
        const environment = unpackSoftwareVulkan(vulkan);
        const task: StarvedTask = { path, provider: "webgpu", widths: [8, 16], plan: {}, after: 3, rest: 0 };
        // Without memory the driver ends its process.
        const failure = await starve(task, environment);
        expect(failure.code).toBe("device");
        expect(failure.hint).toMatch(/memory/);
        expect(await readdir(folder)).toContain("checkpoint");
        const resumed = await run({}, { saving: { path, key: "k", batches: 1 } });
        expect(resumedAt(resumed)).toMatch(/^Resuming in epoch 1, batch [4-8]\.$/);
        expect(await readdir(folder)).toEqual(["checkpoint"]);
        const whole = await run();
        resumed.history.forEach((h, i) => expect(h.loss).toBeCloseTo(whole.history[i]!.loss, 3));
      } finally {
        await rm(vulkan, { recursive: true, force: true });
      }
    });
  },
);
