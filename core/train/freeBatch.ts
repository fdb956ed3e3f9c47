import { intTensor, tensorArray } from "../graph/build.ts";
import { intOf } from "../graph/attributes.ts";
import { editGraph } from "../graph/edit.ts";
import type { Model, Value } from "../graph/model.ts";
import { findShapes, type ShapeOptions } from "../measure/shapes.ts";
import { normalizeModel } from "../transform/constants.ts";

/** The number of samples in a call, where the model fixes it. */
export function fixedBatch({ graph }: Model): number | undefined {
  const constants = new Set(graph.initializers.map((t) => t.name));
  const type = graph.inputs.find((v) => !constants.has(v.name))?.type;
  const first = type?.kind === "tensor" ? type.dims?.[0]?.size : undefined;
  return typeof first === "number" ? first : undefined;
}

/**
 * A model that was exported for one batch size, in a form that takes any: its inputs and outputs lead with a symbol, and
 * Reshape copies the batch instead of naming it. Undefined where that does not work out: every output has to follow the
 * batch when the model runs.
 * @param model constants in memory
 */
export async function freeBatch(model: Model, options: ShapeOptions): Promise<Model | undefined> {
  const batch = fixedBatch(model);
  if (batch === undefined) return model;
  const normal = normalizeModel(model);
  const graph = editGraph(normal.graph, (edit) => {
    edit.setInputs(normal.graph.inputs.map((v) => leading(v, batch)));
    edit.setOutputs(normal.graph.outputs.map((v) => leading(v, batch)));
    for (const node of normal.graph.nodes) {
      const shape = edit.index.initializer.get(node.inputs[1] ?? "");
      if (node.op !== "Reshape" || shape?.type !== "int64" || intOf(node, "allowzero", 0) !== 0) continue;
      const [first, ...rest] = Array.from(tensorArray(shape).data as BigInt64Array, Number);
      if (first !== batch) continue;
      const name = edit.fresh(`${shape.name}.free`);
      edit.setInitializer(intTensor(name, [rest.length + 1], [0, ...rest]));
      edit.replace(node, Object.freeze({ ...node, inputs: [node.inputs[0] ?? "", name] }));
    }
  });
  const free = Object.freeze({ ...normal, graph: Object.freeze({ ...graph, values: [] }) });
  try {
    const { values } = await findShapes(free, options);
    return free.graph.outputs.every((o) => values.get(o.name)?.dims[0] === "batch") ? free : undefined;
  } catch {
    options.signal?.throwIfAborted();
    return undefined;
  }
}

/** Gives a model the inputs and outputs of another one with the same names. */
export function withInterfaceOf(model: Model, other: Model): Model {
  const known = new Map([...other.graph.inputs, ...other.graph.outputs].map((v) => [v.name, v]));
  const restore = (v: Value): Value => known.get(v.name) ?? v;
  const { inputs, outputs } = model.graph;
  const graph = { ...model.graph, inputs: inputs.map(restore), outputs: outputs.map(restore) };
  return Object.freeze({ ...model, graph: Object.freeze(graph) });
}

function leading(v: Value, batch: number): Value {
  if (v.type?.kind !== "tensor" || v.type.dims?.[0]?.size !== batch) return v;
  const [, ...rest] = v.type.dims;
  return Object.freeze({ ...v, type: { ...v.type, dims: [{ size: "batch" }, ...rest] } });
}
