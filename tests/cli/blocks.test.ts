import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "..", "..");

function inspect(...flags: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [join(root, "core/cli/main.ts"), "inspect", join(root, "samples/fashion-mnist/model.onnx"), ...flags],
    { encoding: "utf8", env: { ...process.env, NODE_OPTIONS: "" } },
  );
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

it("lathe inspect --blocks prints blocks with what is in them", () => {
  expect(inspect("--blocks")).toMatch(
    /^Conv conv1, 144 parameters\n(.*\n)*layer1 \(14 ops, 9\.34 k parameters\)\n {2}layer1\.0 /,
  );
  const { parts } = JSON.parse(inspect("--blocks", "--json")) as {
    readonly parts: readonly { readonly ops: number }[];
  };
  expect(parts.reduce((sum, p) => sum + p.ops, 0)).toBe(52);
});

it("lathe inspect --constant prints figures of a constant, and says what is none", () => {
  expect(inspect("--constant", "conv1.weight")).toMatch(
    /^conv1\.weight: float32, 16×1×3×3, 144 elements\n {2}from −?-?0\.9/,
  );
  expect(() => inspect("--constant", "nothing")).toThrow('There is no constant "nothing" in this model.');
});

it("lathe inspect --layers prints shape, arithmetic and time of each node", () => {
  expect(inspect("--layers")).toMatch(/Conv conv1 {2}\[batch,16,28,28\] {2}113 k MACs {2}[\d.]+ (µs|ms)\n/);
});
