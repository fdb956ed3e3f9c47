import { tensorArray } from "../graph/build.ts";
import type { Model } from "../graph/model.ts";

/** Share of exact zeros from which on a weight counts as sparse; untrained layers may hold a few by chance. */
const SPARSE = 0.1;

/**
 * Masks that keep pruned weights at zero: 0 where a float32 weight of two or more axes is exactly zero, 1 elsewhere, for
 * weights of which a tenth or more is zero. A mask thus lives in the weights themselves, and every later step that
 * keeps zeros keeps it.
 * @param model constants in memory
 */
export function masksOf(model: Model): ReadonlyMap<string, Float32Array> {
  const masks = new Map<string, Float32Array>();
  for (const constant of model.graph.initializers) {
    if (constant.type !== "float32" || constant.dims.length < 2) continue;
    const weights = tensorArray(constant).data as Float32Array;
    const mask = new Float32Array(weights.length);
    let zeros = 0;
    for (let i = 0; i < weights.length; i++) {
      if (weights[i] === 0) zeros++;
      else mask[i] = 1;
    }
    // A weight of zeros alone has not been pruned but not started yet, as the last layer of an adapter.
    if (zeros >= SPARSE * weights.length && zeros < weights.length) masks.set(constant.name, mask);
  }
  return masks;
}
