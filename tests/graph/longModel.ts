import { floatTensor, graph, model, node, value } from "../../core/graph/build.ts";
import type { Model, Node, Tensor } from "../../core/graph/model.ts";

/** Residual blocks one after the other, their nodes named by number alone, as some exporters name them. */
export function longModel(nodes: number): Model {
  const made: Node[] = [];
  const initializers: Tensor[] = [];
  let at = "x";
  const add = (op: string, inputs: readonly string[]): string => {
    const output = `v${made.length}`;
    made.push(node(op, [inputs, [output]], { name: `${op}_${made.length}` }));
    return output;
  };
  const conv = (input: string): string => {
    const weight = `w${made.length}`;
    initializers.push(floatTensor(weight, [4, 4, 1, 1], new Float32Array(16).fill(0.1 + (made.length % 7) / 100)));
    return add("Conv", [input, weight]);
  };
  while (made.length + 6 <= nodes) {
    const start = at;
    const inner = conv(add("Relu", [conv(start)]));
    at = add("Relu", [add("Add", [inner, start])]);
  }
  while (made.length < nodes) at = add("Relu", [at]);
  return model(
    graph({
      inputs: [value("x", "float32", ["batch", 4, 8, 8])],
      outputs: [value(at, "float32", ["batch", 4, 8, 8])],
      initializers,
      nodes: made,
    }),
  );
}
