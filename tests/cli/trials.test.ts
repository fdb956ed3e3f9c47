import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { createProject } from "../../core/app/project.ts";
import type { Trial } from "../../core/contract/trial.ts";
import { temporaryFolder } from "../app/fixtures.ts";

const entry = join(import.meta.dirname, "..", "..", "core", "cli", "main.ts");

function lathe(
  folder: string,
  ...args: string[]
): { readonly code: number | null; readonly stdout: string; readonly stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [entry, "trials", "--project", folder, ...args], {
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  return { code: status, stdout, stderr };
}

test("lists, filters and sorts trials, tells their front and what a result goes with", async () => {
  const folder = join(temporaryFolder(), "p");
  const { store } = await createProject(folder, {}, nodeHost);
  const trials = Array.from({ length: 40 }, (_, i): Trial => {
    const width = 8 + (i % 4);
    const values = { accuracy: 0.5 + width / 100 + (i % 3) / 1000, latency: width + (i % 5) / 10 };
    return {
      number: i,
      group: "random",
      point: { width, act: i % 2 === 0 ? "relu" : "gelu" },
      state: "done",
      values,
      seconds: 1,
    };
  });
  expect(lathe(folder).stdout).toContain("There are no trials yet: lathe run search-random.");
  store.trials.add({ job: "", method: "search-random", run: "r" }, trials, 0);
  store.close();
  const json = (...args: string[]): { total: number; rows: { id: number; trial: Trial }[] } & Record<string, unknown> =>
    JSON.parse(lathe(folder, ...args, "--json").stdout) as never;
  const found = json(
    "--where",
    "accuracy>=0.6",
    "--where",
    "act=relu",
    "--by",
    "latency",
    "--descending",
    "--limit",
    "3",
  );
  expect(found.total).toBe(10);
  expect(found.rows.map((r) => r.trial.values["latency"])).toEqual([10.4, 10.4, 10.3]);
  const front = json("--front", "accuracy:most", "--front", "latency:least");
  expect(front["front"]).toMatchObject({ of: 40 });
  expect(front.rows.length).toBeGreaterThan(1);
  expect(json("--importance", "accuracy")).toMatchObject({ importance: [{ title: "width" }, { title: "act" }] });
  expect(lathe(folder, "--limit", "2").stdout).toContain("2 of 40 trials.");
  const refused = lathe(folder, "--recipe", "1");
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain('The job "" of trial "1" was removed.');
  expect(lathe(folder, "--where", "accuracy").stderr).toContain("accuracy>=0.9");
});
