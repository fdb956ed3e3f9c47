import { elementCount } from "../base/array.ts";
import { intTensor, tensorArray } from "../graph/build.ts";
import { intOf } from "../graph/attributes.ts";
import { editGraph, removeDeadNodes } from "../graph/edit.ts";
import type { Graph, Node } from "../graph/model.ts";
import { indexGraph } from "../graph/uses.ts";

/** Sizes of a value: numbers, or symbols where calls differ. */
export type KnownDims = (value: string) => readonly (number | string)[] | undefined;

/**
 * Replaces the sizes that a graph asks for, and that are the same in every call, by constants: whole shapes and counts, and single
 * sizes picked out of shapes of which others are open. Computes the same on inputs of these sizes.
 */
export function foldShapes(graph: Graph, dimsOf: KnownDims): Graph {
  const index = indexGraph(graph);
  const found = new Map<Node, readonly [dims: readonly number[], sizes: readonly number[]]>();
  for (const node of graph.nodes) {
    if (node.domain !== "") continue;
    if (node.op === "Shape") {
      const sizes = shapeSizes(node, dimsOf);
      if (isKnown(sizes)) found.set(node, [[sizes.length], sizes]);
    }
    if (node.op === "Size") {
      const sizes = dimsOf(node.inputs[0] ?? "");
      if (isKnown(sizes)) found.set(node, [[], [elementCount(sizes)]]);
    }
    const shape = node.op === "Gather" ? index.producer.get(node.inputs[0] ?? "") : undefined;
    const picks = index.initializer.get(node.inputs[1] ?? "");
    if (shape?.op !== "Shape" || picks?.data.kind !== "bytes") continue;
    const sizes = shapeSizes(shape, dimsOf);
    const picked = Array.from(tensorArray(picks).data as BigInt64Array, (at) => sizes?.at(Number(at)));
    if (isKnown(picked)) found.set(node, [picks.dims, picked]);
  }
  if (found.size === 0) return graph;
  const folded = editGraph(graph, (edit) => {
    for (const [node, [dims, sizes]] of found) {
      const [output = ""] = node.outputs;
      if (index.isOutput(output)) continue;
      edit.replace(node);
      edit.setInitializer(intTensor(output, dims, sizes));
    }
  });
  return removeDeadNodes(folded);
}

/** The sizes that a Shape node gives; `start` and `end` exist since opset 15. */
function shapeSizes(node: Node, dimsOf: KnownDims): readonly (number | string)[] | undefined {
  const dims = dimsOf(node.inputs[0] ?? "");
  if (dims === undefined) return undefined;
  return dims.slice(intOf(node, "start", 0), node.attributes["end"] === undefined ? undefined : intOf(node, "end", 0));
}

function isKnown(sizes: readonly (number | string | undefined)[] | undefined): sizes is readonly number[] {
  return sizes?.every((size) => typeof size === "number") === true;
}
