import { elementCount } from "../base/array.ts";
import { tensorOf } from "../graph/attributes.ts";
import { tensor, tensorArray } from "../graph/build.ts";
import { editGraph } from "../graph/edit.ts";
import type { Graph, Model, Node, Tensor } from "../graph/model.ts";
import { freshNames, type GraphIndex } from "../graph/uses.ts";
import { foldConstants } from "./foldConstants.ts";

/**
 * A model in the form that rewrites expect: constants are initialisers and not inputs, also behind nodes that
 * only reshape them, and every node bears a unique name. Computes the same.
 */
export function normalizeModel(model: Model): Model {
  const named = nameNodes(foldConstants(hoistConstants(model.graph)));
  const constants = new Set(named.initializers.map((t) => t.name));
  const inputs = named.inputs.filter((v) => !constants.has(v.name));
  // Below version 4 an initialiser has to be an input as well.
  return Object.freeze({
    ...model,
    irVersion: Math.max(model.irVersion, 4),
    graph: Object.freeze({ ...named, inputs }),
  });
}

/** Turns Constant nodes with a tensor value into initialisers. */
function hoistConstants(graph: Graph): Graph {
  const constants = graph.nodes.filter((n) => n.op === "Constant" && n.domain === "" && constantValue(n) !== undefined);
  if (constants.length === 0) return graph;
  return editGraph(graph, (edit) => {
    for (const node of constants) {
      const found = constantValue(node);
      if (found === undefined) continue;
      edit.replace(node);
      edit.setInitializer({ ...found, name: node.outputs[0] ?? "" });
    }
  });
}

function constantValue(node: Node): Tensor | undefined {
  const { value_float: one, value_floats: several, value_int: whole, value_ints: wholes } = node.attributes;
  if (node.attributes["value"] !== undefined) return tensorOf(node, "value");
  if (one?.kind === "float") return tensor("", { type: "float32", dims: [], data: Float32Array.of(one.value) });
  if (several?.kind === "floats") {
    return tensor("", { type: "float32", dims: [several.value.length], data: Float32Array.from(several.value) });
  }
  if (whole?.kind === "int") return tensor("", { type: "int64", dims: [], data: BigInt64Array.of(whole.value) });
  if (wholes?.kind === "ints") {
    return tensor("", { type: "int64", dims: [wholes.value.length], data: BigInt64Array.from(wholes.value) });
  }
  return undefined;
}

function nameNodes(graph: Graph): Graph {
  const seen = new Set<string>();
  const fresh = freshNames(graph);
  const nodes = graph.nodes.map((node) => {
    const name =
      node.name === "" || seen.has(node.name) ? fresh(node.name || `${node.op}_${node.outputs[0] ?? ""}`) : node.name;
    seen.add(name);
    return name === node.name ? node : Object.freeze({ ...node, name });
  });
  return Object.freeze({ ...graph, nodes });
}

/** A constant with float32 elements, looked up by the value's name. */
export interface FloatConstant {
  readonly tensor: Tensor;
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** The float32 constant behind a value, or undefined where it is computed, absent or of another type. */
export function floatConstant(index: GraphIndex, value: string | undefined): FloatConstant | undefined {
  const found = value === undefined || value === "" ? undefined : index.initializer.get(value);
  if (found?.type !== "float32") return undefined;
  const data = tensorArray(found).data;
  return data instanceof Float32Array ? { tensor: found, dims: found.dims, data } : undefined;
}

/** How elements of one axis lie in memory: index = (outer·size + i)·inner + rest. */
export interface AxisLayout {
  readonly outer: number;
  readonly size: number;
  readonly inner: number;
}

export function axisLayout(dims: readonly number[], axis: number): AxisLayout {
  return {
    outer: elementCount(dims.slice(0, axis)),
    size: dims[axis] ?? 1,
    inner: elementCount(dims.slice(axis + 1)),
  };
}

/** Multiplies every element by the factor of its index along one axis. */
export function scaleAlong(data: Float32Array, layout: AxisLayout, factors: ArrayLike<number>): Float32Array {
  const out = new Float32Array(data.length);
  const { outer, size, inner } = layout;
  for (let o = 0, at = 0; o < outer; o++) {
    for (let i = 0; i < size; i++) {
      const factor = factors[i]!;
      for (let k = 0; k < inner; k++, at++) out[at] = data[at]! * factor;
    }
  }
  return out;
}

/** Largest magnitude at each index along one axis. */
export function peaksAlong(data: Float32Array, layout: AxisLayout): Float64Array {
  const peaks = new Float64Array(layout.size);
  const { outer, size, inner } = layout;
  for (let o = 0, at = 0; o < outer; o++) {
    for (let i = 0; i < size; i++) {
      for (let k = 0; k < inner; k++, at++) {
        const magnitude = Math.abs(data[at]!);
        if (magnitude > peaks[i]!) peaks[i] = magnitude;
      }
    }
  }
  return peaks;
}
