import { describe, expect, it } from "vitest";
import { float32 } from "../../core/base/array.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { floatTensor, graph, intTensor, model, node, tensorArray, value } from "../../core/graph/build.ts";
import { foldIntegers } from "../../core/runtime/foldIntegers.ts";
import { withSession } from "../../core/runtime/session.ts";

const computedPads = model(
  graph({
    inputs: [value("x", "float32", [2, 3])],
    outputs: [{ name: "y" }],
    initializers: [intTensor("before", [2], [0, 1]), intTensor("two", [], [2]), floatTensor("w", [2, 1], [1, 10])],
    nodes: [
      node("Mul", [["before", "two"], ["after"]]),
      node("Concat", [["before", "after"], ["pads"]], { attributes: { axis: 0 } }),
      node("Pad", [["x", "pads"], ["wide"]]),
      node("Shape", [["wide"], ["shape"]]),
      node("Exp", [["w"], ["scale"]]),
      node("Mul", [["wide", "scale"], ["y"]]),
    ],
  }),
);

describe("whole numbers that a model computes from constants", () => {
  it("become constants; what depends on inputs and what is float stays", async () => {
    const folded = await foldIntegers(computedPads, nodeHost);
    expect(folded.graph.nodes.map((n) => n.op)).toEqual(["Pad", "Exp", "Mul"]);
    const pads = folded.graph.initializers.find((t) => t.name === "pads")!;
    expect([...(tensorArray(pads).data as BigInt64Array)]).toEqual([0n, 1n, 0n, 2n]);
    const feeds = { x: float32([2, 3], [1, 2, 3, 4, 5, 6]) };
    const run = (made: typeof folded) => withSession(made, { host: nodeHost }, (session) => session.run(feeds));
    expect(await run(folded)).toEqual(await run(computedPads));
  });

  it("leave a model without any as it is", async () => {
    const plain = model(
      graph({ inputs: [value("x", "float32", [2])], outputs: [{ name: "y" }], nodes: [node("Neg", [["x"], ["y"]])] }),
    );
    expect(await foldIntegers(plain, nodeHost)).toBe(plain);
  });
});
