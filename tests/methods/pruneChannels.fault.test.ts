import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { LatheError } from "../../core/base/error.ts";
import type { Host } from "../../core/base/host.ts";
import { remembered } from "../../core/methods/pruned.ts";
import { pruneRun } from "./pruneRun.ts";
import { killAt } from "../killAt.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lathe-prune-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const victim = join(import.meta.dirname, "pruneVictim.ts");

describe("pruning whose process is killed", () => {
  it("goes on behind what it has found, to the same bytes", async () => {
    const whole = await pruneRun(join(folder, "whole"), () => undefined);
    const path = join(folder, "work");
    for (const stage of ["Scanning groups", "Epoch 1 of 3", "Epoch 3 of 3"]) await killAt(stage, victim, path);
    const stages: string[] = [];
    expect(await pruneRun(path, (stage) => stages.push(stage))).toBe(whole);
    // The scan and the epochs before are not done again.
    expect(stages).not.toContain("Scanning groups");
    expect(stages).not.toContain("Epoch 1 of 3");
  });
});

describe("what a run remembers", () => {
  const work = (): { readonly folder: string; readonly key: string } => ({ folder: join(folder, "work"), key: "k" });

  it("is computed once, and again for another run", async () => {
    let count = 0;
    const compute = (): Promise<number> => Promise.resolve(++count);
    expect(await remembered({ work: work(), host: nodeHost }, "choice", compute)).toBe(1);
    expect(await remembered({ work: work(), host: nodeHost }, "choice", compute)).toBe(1);
    expect(await remembered({ work: { ...work(), key: "other" }, host: nodeHost }, "choice", compute)).toBe(2);
    expect(await remembered({ host: nodeHost }, "choice", compute)).toBe(3);
  });

  it("leaves nothing behind where the disk is full", async () => {
    const full = new LatheError("disk-full", "The disk is full.");
    const host: Host = {
      ...nodeHost,
      files: {
        ...nodeHost.files,
        create: async (path) => ({ ...(await nodeHost.files.create(path)), write: () => Promise.reject(full) }),
      },
    };
    await expect(remembered({ work: work(), host }, "choice", () => Promise.resolve(1))).rejects.toThrow(full);
    expect(await readdir(work().folder)).toEqual([]);
    expect(await remembered({ work: work(), host: nodeHost }, "choice", () => Promise.resolve(2))).toBe(2);
  });

  it("is computed again where the file is damaged", async () => {
    await mkdir(work().folder);
    await writeFile(join(work().folder, "choice.json"), '{"key":"k","val');
    expect(await remembered({ work: work(), host: nodeHost }, "choice", () => Promise.resolve(5))).toBe(5);
    expect(await readFile(join(work().folder, "choice.json"), "utf8")).toBe('{"key":"k","value":5}');
  });
});
