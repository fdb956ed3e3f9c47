import { elementCount, float32 } from "../base/array.ts";
import { intOf, intsOf } from "../graph/attributes.ts";
import { tensor, tensorArray } from "../graph/build.ts";
import { editGraph } from "../graph/edit.ts";
import type { Graph, Node, Tensor } from "../graph/model.ts";

/**
 * Replaces nodes that only rename, reshape or transpose a constant by the constant that they make: exporters
 * share weights through Identity and store matrices the other way round, and a layer's weights have to be
 * constants to be quantised.
 * @param graph constants are initialisers, in memory where a transposition needs their elements
 */
export function foldConstants(graph: Graph): Graph {
  const outputs = new Set(graph.outputs.map((v) => v.name));
  const known = new Map(graph.initializers.map((t) => [t.name, t]));
  const folded: (readonly [Node, Tensor])[] = [];
  for (const node of graph.nodes) {
    const name = node.outputs[0] ?? "";
    const source = known.get(node.inputs[0] ?? "");
    if (source === undefined || node.domain !== "" || outputs.has(name)) continue;
    const made = FOLDS[node.op]?.(source, node, known);
    if (made === undefined) continue;
    const constant = Object.freeze({ ...made, name });
    known.set(name, constant);
    folded.push([node, constant]);
  }
  if (folded.length === 0) return graph;
  return editGraph(graph, (edit) => {
    for (const [node, constant] of folded) {
      edit.replace(node);
      edit.setInitializer(constant);
    }
  });
}

type Fold = (source: Tensor, node: Node, known: ReadonlyMap<string, Tensor>) => Tensor | undefined;

const FOLDS: Readonly<Record<string, Fold>> = {
  Identity: (source) => source,
  Reshape: (source, node, known) => {
    const shape = known.get(node.inputs[1] ?? "");
    if (shape?.data.kind !== "bytes" || intOf(node, "allowzero", 0) !== 0) return undefined;
    const wanted = Array.from(tensorArray(shape).data, Number).map((d, axis) =>
      d === 0 ? (source.dims[axis] ?? 0) : d,
    );
    const rest = elementCount(source.dims) / elementCount(wanted.filter((d) => d !== -1));
    const dims = wanted.map((d) => (d === -1 ? rest : d));
    return elementCount(dims) === elementCount(source.dims) ? { ...source, dims } : undefined;
  },
  Transpose: (source, node) => {
    if (source.type !== "float32" || source.data.kind !== "bytes") return undefined;
    const rank = source.dims.length;
    const axes = intsOf(node, "perm") ?? source.dims.map((_, axis) => rank - 1 - axis);
    const dims = axes.map((axis) => source.dims[axis]!);
    return tensor(source.name, float32(dims, transposed(tensorArray(source).data as Float32Array, source.dims, axes)));
  },
};

/** Elements in the order of the permuted axes. */
function transposed(data: Float32Array, from: readonly number[], axes: readonly number[]): Float32Array {
  const strides = from.map((_, axis) => elementCount(from.slice(axis + 1)));
  const steps = axes.map((axis) => strides[axis]!);
  const sizes = axes.map((axis) => from[axis]!);
  const out = new Float32Array(data.length);
  const at = sizes.map(() => 0);
  let source = 0;
  for (let i = 0; i < out.length; i++) {
    out[i] = data[source]!;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      source += steps[axis]!;
      if (++at[axis]! < sizes[axis]!) break;
      source -= steps[axis]! * sizes[axis]!;
      at[axis] = 0;
    }
  }
  return out;
}
