import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { graph, model, node, value } from "../../core/graph/build.ts";
import { runChild } from "../../core/runtime/child.ts";
import { settingsOf } from "../../core/runtime/session.ts";
import { withoutFailing } from "../../core/runtime/webgpu.ts";
import { hasSoftwareVulkan, unpackSoftwareVulkan, vulkanNote } from "../softwareVulkan.ts";

describe("nodes that WebGPU cannot run", () => {
  const kernel = { attributes: { kernel_shape: [2] } };
  const many = Array.from({ length: 8 }, (_, i) => `s${i}`);

  it("are left to the CPU by name, nameless ones with a name of their own", () => {
    const before = model(
      graph({
        inputs: [value("x", "float32", [1, 1, 8])],
        outputs: [value("i", "int64", [1, 1, 7])],
        nodes: [
          node("Relu", [["x"], ["r"]], { name: "on-cpu-0" }),
          node("MaxPool", [["r"], ["p", "i"]], { ...kernel, name: "" }),
          node("MaxPool", [["r"], ["q"]], { ...kernel, name: "one output" }),
          node("Split", [["x"], many], { attributes: { axis: 2 }, name: "split" }),
        ],
      }),
    );
    const { model: after, onCpu } = withoutFailing(before);
    expect(onCpu).toEqual(["on-cpu-1", "split"]);
    expect(after.graph.nodes.map((n) => n.name)).toEqual(["on-cpu-0", "on-cpu-1", "one output", "split"]);
    expect(before.graph.nodes[1]!.name).toBe("");
    expect(settingsOf({ provider: "webgpu", onCpu }).executionProviders).toEqual([
      { name: "webgpu", forceCpuNodeNames: onCpu },
    ]);
    expect(settingsOf({ provider: "cpu", onCpu }).executionProviders).toEqual(["cpu"]);
  });

  it("do not touch other models", () => {
    const nodes = [node("MaxPool", [["x"], ["y"]], kernel), node("Split", [["y"], many.slice(1)])];
    const plain = model(graph({ inputs: [], outputs: [], nodes }));
    expect(withoutFailing(plain).model).toBe(plain);
  });
});

describe.skipIf(!hasSoftwareVulkan)(`WebGPU on a software driver${vulkanNote}`, () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "lathe-vulkan-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("gives the CPU's results where nodes are left to it", async () => {
    const environment = unpackSoftwareVulkan(folder);
    const script = new URL("./onProvider.ts", import.meta.url);
    const expected = { indices: [1, 3, 5, 7, 9, 11, 13, 15], twice: [30] };
    expect(await runChild(script, "cpu", { environment })).toEqual(expected);
    expect(await runChild(script, "webgpu", { environment })).toEqual(expected);
  });
});
