import { solvePositive } from "../../base/cholesky.ts";
import { floatTensor, tensorArray } from "../../graph/build.ts";
import { editGraph } from "../../graph/edit.ts";
import type { Model } from "../../graph/model.ts";
import { indexGraph } from "../../graph/uses.ts";
import { axisLayout } from "../constants.ts";
import { findLinearLayers, type LinearLayer } from "../linearLayers.ts";
import type { ValueShapes } from "./couple.ts";
import type { Left } from "./remove.ts";

/** A layer that reads channels of which some go. */
export interface CutReader {
  readonly layer: LinearLayer;
  /** Whether each channel that it reads is left. */
  readonly left: readonly boolean[];
}

/** Most channels of a value that are predicted from each other: the products take channels² numbers. */
const MOST_CHANNELS = 2048;

/** Values whose channels are read by weights that can make up for some of them. */
export function watchedReaders(
  model: Model,
  shapes: ValueShapes,
): readonly { readonly value: string; readonly axis: LinearLayer["dataAxis"] }[] {
  return findLinearLayers(model).layers.flatMap(({ data, dataAxis, dims, columnAxis }) => {
    const sizes = shapes.get(data)?.sizes ?? [];
    const channels = sizes[dataAxis(sizes.length)];
    const isOneByOne = channels === dims[columnAxis] && channels !== undefined && channels <= MOST_CHANNELS;
    return isOneByOne ? [{ value: data, axis: dataAxis }] : [];
  });
}

/**
 * Layers whose weights can make up for channels that go: each of their weights reads one channel.
 * @param model the one that the choice was made on
 */
export function cutReaders(model: Model, shapes: ValueShapes, left: Left): readonly CutReader[] {
  return findLinearLayers(model).layers.flatMap((layer): CutReader[] => {
    const rank = shapes.get(layer.data)?.dims.length ?? 0;
    const kept = left(layer.data, layer.dataAxis(rank));
    return kept === undefined || kept.length !== layer.dims[layer.columnAxis] ? [] : [{ layer, left: kept }];
  });
}

/**
 * Makes up for channels before they are removed: each one that goes is predicted from those that stay by least squares
 * over what was observed, x_r ≈ Σ m_rk·x_k, and what read it reads the prediction, w_k += Σ m_rk·w_r (He et al. 2017,
 * "Channel Pruning for Accelerating Very Deep Neural Networks", their second step, with one mapping for all places of a
 * kernel). Channels that are always zero change nothing.
 * @param products of the channels of each value that is read (`channelProducts`)
 */
export function compensate(
  model: Model,
  readers: readonly CutReader[],
  products: ReadonlyMap<string, Float64Array>,
): Model {
  const { initializer } = indexGraph(model.graph);
  const known = new Map<string, Mapping | undefined>();
  const graph = editGraph(model.graph, (edit) => {
    for (const { layer, left } of readers) {
      const observed = products.get(layer.data);
      const weight = initializer.get(layer.weight);
      if (observed === undefined || weight === undefined) continue;
      if (!known.has(layer.data)) known.set(layer.data, predict(observed, left));
      const mapping = known.get(layer.data);
      if (mapping === undefined) continue;
      const data = (tensorArray(weight).data as Float32Array).slice();
      const { outer, size, inner } = axisLayout(weight.dims, layer.columnAxis);
      for (const [r, row] of mapping)
        for (const [k, factor] of row)
          for (let o = 0; o < outer; o++) {
            const [to, from] = [(o * size + k) * inner, (o * size + r) * inner];
            for (let i = 0; i < inner; i++) data[to + i]! += factor * data[from + i]!;
          }
      edit.setInitializer(floatTensor(weight.name, weight.dims, data));
    }
  });
  return Object.freeze({ ...model, graph });
}

/** For each channel that goes, what of it each one that stays carries. */
type Mapping = ReadonlyMap<number, readonly (readonly [number, number])[]>;

/** Share of the mean square that is added to the diagonal, so that few samples do not make large weights. */
const RIDGE = 1e-3;

function predict(products: Float64Array, left: readonly boolean[]): Mapping | undefined {
  const channels = Array.from(left.keys());
  const [kept, gone] = [channels.filter((c) => left[c]), channels.filter((c) => !left[c])];
  const at = (i: number, j: number): number => products[i * left.length + j]!;
  const ridge = (RIDGE * kept.reduce((sum, k) => sum + at(k, k), 0)) / kept.length;
  if (!(ridge > 0)) return undefined;
  const squares = new Float64Array(kept.length ** 2);
  kept.forEach((a, i) => kept.forEach((b, j) => (squares[i * kept.length + j] = at(a, b) + (i === j ? ridge : 0))));
  const columns = gone.map((r) => Float64Array.from(kept, (k) => at(r, k)));
  if (!solvePositive(squares, columns)) return undefined;
  return new Map(gone.map((r, i) => [r, kept.map((k, j) => [k, columns[i]![j]!] as const)]));
}
