import { floatTensor, graph, model, node, value } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";

/** A model with an operator of a domain that the runtime does not know. */
export function foreignModel(): Model {
  const quant = node("Quant", [["x", "scale"], ["q"]], { name: "Quant_0", domain: "qonnx.custom_op.general" });
  return model(
    graph({
      inputs: [value("x", "float32", [1, 4])],
      outputs: [value("y", "float32", [1, 4])],
      initializers: [floatTensor("scale", [1], [0.5]), floatTensor("w", [4, 4], new Float32Array(16))],
      nodes: [quant, node("MatMul", [["q", "w"], ["y"]], { name: "MatMul_1" })],
    }),
    { opsets: { "": 17, "qonnx.custom_op.general": 1 } },
  );
}
