import { describe, expect, it } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { differentiate } from "../../core/autodiff/differentiate.ts";
import { graph, model, node, value } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import { withSession } from "../../core/runtime/session.ts";

function square(opset: number, type: "float16" | "float32"): Model {
  const inputs = [value("x", type, [3])];
  const outputs = [value("y", type, [3])];
  return model(graph({ inputs, outputs, nodes: [node("Mul", [["x", "x"], ["y"]])] }), { opsets: { "": opset } });
}

describe("where a gradient starts", () => {
  it("starts with ones of the value's own type", async () => {
    const facts = (): { type: "float16"; dims: number[] } => ({ type: "float16", dims: [3] });
    const { model: after, gradients } = differentiate(square(17, "float16"), {
      from: { y: undefined },
      to: ["x"],
      facts,
    });
    const name = gradients.get("x")!;
    const shown = { ...after, graph: { ...after.graph, outputs: [value(name, "float16", [3])] } };
    const x = { type: "float16" as const, dims: [3], data: Float16Array.of(1, -2, 0.5) };
    const found = await withSession(shown, { host: nodeHost }, (session) => session.run({ x }));
    const bits = found[name]!.data as unknown as { buffer: ArrayBuffer; byteOffset: number };
    expect([...new Float16Array(bits.buffer, bits.byteOffset, 3)]).toEqual([2, -4, 1]);
  });

  it("refuses an opset whose ops it cannot write", () => {
    const facts = (): { type: "float32"; dims: number[] } => ({ type: "float32", dims: [3] });
    expect(() => differentiate(square(11, "float32"), { from: { y: undefined }, to: ["x"], facts })).toThrow(
      'Gradients are written at opset 13 or newer; this model has "11".',
    );
  });
});
