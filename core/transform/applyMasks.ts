import { floatTensor, tensorArray } from "../graph/build.ts";
import type { Model, Tensor } from "../graph/model.ts";

/** A model whose weights are zero where their mask is; the others are as they were. */
export function applyMasks(model: Model, masks: ReadonlyMap<string, Float32Array>): Model {
  const initializers = model.graph.initializers.map((constant): Tensor => {
    const mask = masks.get(constant.name);
    if (mask === undefined) return constant;
    const values = tensorArray(constant).data as Float32Array;
    return {
      ...constant,
      ...floatTensor(
        constant.name,
        constant.dims,
        values.map((x, i) => (mask[i] === 0 ? 0 : x)),
      ),
    };
  });
  return Object.freeze({ ...model, graph: Object.freeze({ ...model.graph, initializers }) });
}

/** Elements of a constant that are exactly zero. */
export function zerosOf(constant: Tensor): number {
  return (tensorArray(constant).data as Float32Array).reduce((count, x) => (x === 0 ? count + 1 : count), 0);
}
