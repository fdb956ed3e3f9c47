import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "..", "..");

function inspect(...flags: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [join(root, "core/cli/main.ts"), "inspect", join(root, "samples/fashion-mnist/model.onnx"), "--groups", ...flags],
    { encoding: "utf8", env: { ...process.env, NODE_OPTIONS: "" } },
  );
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

it("lathe inspect --groups prints what stands and falls together", () => {
  const text = inspect();
  expect(text).toMatch(/^.+: \d+ units, can be removed\n {2}makes .+\[0\] +Conv ".+", weight +1 a unit +0–\d+\n/);
  expect(text).toMatch(/units, stays: "\w+" is an output of the model\n/);
  const { groups } = JSON.parse(inspect("--json")) as {
    readonly groups: readonly { readonly units: number; readonly rows: readonly unknown[] }[];
  };
  expect(groups.length).toBeGreaterThan(3);
  expect(groups.every((g) => g.units > 0 && g.rows.length > 0)).toBe(true);
});
