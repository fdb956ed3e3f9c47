import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { LatheError } from "../../core/base/error.ts";
import type { Host } from "../../core/base/host.ts";
import { run } from "./run.ts";
import { TRAININGS } from "./trainings.ts";
import { killAt } from "../killAt.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lathe-train-"));
  path = join(folder, "checkpoint");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const { augment } = TRAININGS.plain.plan;

const victim = join(import.meta.dirname, "victim.ts");

describe("a training whose process is killed", () => {
  it("goes on to the same bytes when it was in a step", async () => {
    const whole = await run({ augment });
    for (const line of ["saved 3", "saved 10"]) {
      await killAt(line, victim, path, "0");
      const resumed = await run({ augment }, { saving: { path, key: "k" } });
      expect(resumed.bytes).toBe(whole.bytes);
      expect(resumed.history).toEqual(whole.history);
      expect(resumed.events.some((e) => e.kind === "message" && e.text.startsWith("Resuming"))).toBe(true);
      await rm(path);
    }
  });

  it("goes on from the checkpoint before when it was writing one, and tidies up", async () => {
    const whole = await run({ augment });
    await killAt("frozen", victim, path, "5");
    expect((await readdir(folder)).length).toBe(2);
    const resumed = await run({ augment }, { saving: { path, key: "k" } });
    expect(resumed.events).toContainEqual({ kind: "message", level: "info", text: "Resuming in epoch 1, batch 5." });
    expect(resumed.bytes).toBe(whole.bytes);
    expect(await readdir(folder)).toEqual(["checkpoint"]);
  });

  it("starts anew when it was writing its first one", async () => {
    const whole = await run({ augment });
    await killAt("frozen", victim, path, "1");
    const again = await run({ augment }, { saving: { path, key: "k" } });
    expect(again.bytes).toBe(whole.bytes);
    expect(await readdir(folder)).toEqual(["checkpoint"]);
  });
});

describe("a training that is killed around its fall to a lower rate", () => {
  it.each([
    // Each fall adds a checkpoint to those after each batch.
    ["early", "saved 3"],
    ["early", "saved 5"],
    ["early", "saved 11"],
    ["late", "saved 18"],
    ["late", "saved 19"],
    ["late", "saved 22"],
    ["measured", "saved 1"],
    ["measured", "saved 4"],
  ] as const)("%s: goes on to the same bytes behind %s", async (name, line) => {
    const { plan, options } = TRAININGS[name];
    const whole = await run(plan, options);
    expect(whole.rate.falls).toHaveLength(name === "measured" ? 0 : 1);
    await killAt(line, victim, path, "0", name);
    const resumed = await run(plan, { ...options, saving: { path, key: "k" } });
    expect(resumed.events.some((e) => e.kind === "message" && e.text.startsWith("Resuming"))).toBe(true);
    expect(resumed.bytes).toBe(whole.bytes);
    expect(resumed.history).toEqual(whole.history);
    expect(resumed.rate).toEqual(whole.rate);
  });

  it("goes on from the checkpoint before where the one of the fall was being written", async () => {
    const { plan, options } = TRAININGS.early;
    const whole = await run(plan, options);
    await killAt("frozen", victim, path, "4", "early");
    const resumed = await run(plan, { ...options, saving: { path, key: "k" } });
    expect(resumed.events).toContainEqual({ kind: "message", level: "info", text: "Resuming in epoch 1, batch 4." });
    expect(resumed.bytes).toBe(whole.bytes);
    expect(resumed.rate).toEqual(whole.rate);
  });
});

describe("a training whose disk is full", () => {
  /** Files of which every creation after the first `good` fails in the middle, as on a full disk. */
  function fullAfter(good: number): Host {
    let count = 0;
    const create: Host["files"]["create"] = async (name) => {
      const writer = await nodeHost.files.create(name);
      if (++count <= good) return writer;
      let written = 0;
      return {
        ...writer,
        write: async (bytes) => {
          written += bytes.byteLength;
          if (written > 1000)
            throw new LatheError("disk-full", `Writing "${name}": ENOSPC: no space left on device, write`, {
              hint: "Free some disk space and run the command again.",
            });
          await writer.write(bytes);
        },
      };
    };
    return { ...nodeHost, files: { ...nodeHost.files, create } };
  }

  it("says so, goes on, and keeps the last checkpoint whole", async () => {
    const whole = await run({ augment });
    const saving = { path, key: "k", batches: 1 };
    const crippled = await run({ augment }, { saving, host: fullAfter(3) });
    expect(crippled.bytes).toBe(whole.bytes);
    const warnings = crippled.events.flatMap((e) => (e.kind === "message" && e.level === "warning" ? [e.text] : []));
    expect(warnings[0]).toBe(
      "The checkpoint could not be written; the training goes on, and the one before stays. " +
        `Writing "${path}": ENOSPC: no space left on device, write Free some disk space and run the command again.`,
    );
    expect(await readdir(folder)).toEqual(["checkpoint"]);
    const resumed = await run({ augment }, { saving });
    expect(resumed.events).toContainEqual({ kind: "message", level: "info", text: "Resuming in epoch 1, batch 4." });
    expect(resumed.bytes).toBe(whole.bytes);
  });

  it("does the same where the folder is gone", async () => {
    const saving = { path: join(folder, "gone", "checkpoint"), key: "k", batches: 1 };
    const { events, history } = await run({ epochs: 1 }, { saving });
    expect(history.length).toBe(1);
    expect(events.some((e) => e.kind === "message" && e.text.includes("ENOENT"))).toBe(true);
  });
});
