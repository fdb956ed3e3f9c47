import { float32, type NdArray } from "../../core/base/array.ts";
import { floatTensor, graph, model, node, value } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";

/** y = x·w on rows of two. */
export function linear(weight: readonly number[] = [1, 2, 3, 4]): Model {
  return model(
    graph({
      inputs: [value("x", "float32", ["N", 2])],
      outputs: [value("y", "float32", ["N", 2])],
      nodes: [node("MatMul", [["x", "w"], ["y"]])],
      initializers: [floatTensor("w", [2, 2], weight)],
    }),
  );
}

/** y = f(x) for one op of one input and one output. */
export function unary(op: string): Model {
  return model(
    graph({
      inputs: [value("x", "float32", ["N", 2])],
      outputs: [value("y", "float32", ["N", 2])],
      nodes: [node(op, [["x"], ["y"]])],
    }),
  );
}

export const rows = (...numbers: readonly number[]): NdArray => float32([numbers.length / 2, 2], numbers);
