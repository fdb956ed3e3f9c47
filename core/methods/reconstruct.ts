import { solvePositive } from "../base/cholesky.ts";
import { elementCount } from "../base/array.ts";
import type { SampleStream } from "../data/batches.ts";
import { firstSamples } from "../data/firstSamples.ts";
import { floatTensor, tensorArray } from "../graph/build.ts";
import { changedNodes } from "../graph/changes.ts";
import { editGraph } from "../graph/edit.ts";
import type { Model } from "../graph/model.ts";
import { layerProducts, type LayerProducts } from "../measure/layerProducts.ts";
import { axisLayout } from "../transform/constants.ts";
import type { ValueShapes } from "../transform/channels/couple.ts";
import type { Left } from "../transform/channels/remove.ts";
import { findLinearLayers, type LinearLayer } from "../transform/linearLayers.ts";
import type { TrainingContext } from "./fineTune.ts";

/** Most weights of an output channel that are solved for: the time grows with their third power. */
const MOST_WEIGHTS = 2304;

/** Places that are looked at for each weight of an output channel, and fewest samples that they come from. */
const PLACES_PER_WEIGHT = 100;
const FEWEST_SAMPLES = 64;

/** Share of the mean square that pulls towards the weights as they are. */
const RIDGE = 1e-3;

export interface ReconstructOptions {
  /** The model before channels or nodes were removed. */
  readonly whole: Model;
  /** Shapes of its values, and what is left of them; default: all channels are. */
  readonly shapes: ValueShapes;
  readonly left?: Left;
  readonly stream: SampleStream;
  readonly context: TrainingContext;
}

export interface Reconstructed {
  readonly model: Model;
  /** Whether all layers behind the change were fitted, but for those that take each channel for itself. */
  readonly isComplete: boolean;
}

/**
 * Weights by which each layer gives again what it gave in the whole model, as far as what is left lets it: by least squares
 * over samples, layer after layer, each seeing what those before it now give (He et al. 2017, "Channel Pruning for
 * Accelerating Very Deep Neural Networks", §3.2). Statistics of batch norms then hold as they are.
 * @param small the model after removal, with the names of the whole one
 */
export async function reconstruct(small: Model, options: ReconstructOptions): Promise<Reconstructed> {
  const { whole, shapes, left = () => undefined, stream, context } = options;
  const layers = findLinearLayers(small).layers.filter(readsOtherThan(whole, small));
  const solvable = layers.filter(canBeSolved(shapes, left));
  let current = small;
  for (const layer of solvable) {
    context.emit({ kind: "stage", name: `Reconstructing ${layer.node}` });
    const output = outputOf(small, layer);
    const sizes = shapes.get(output)?.sizes ?? [];
    const axis = layer.dataAxis(sizes.length);
    const kept = left(output, axis);
    const places = elementCount(sizes.filter((_, i) => i > 0 && i !== axis));
    const wanted = Math.ceil((PLACES_PER_WEIGHT * layer.elements) / layer.dims[layer.rowAxis]! / places);
    const looked = firstSamples(stream, Math.max(FEWEST_SAMPLES, wanted));
    const products = await layerProducts(current, whole, {
      layer: layer.node,
      ...(kept && { outputs: kept.flatMap((isLeft, i) => (isLeft ? [i] : [])) }),
      ...context,
      stream: looked,
      batch: Math.min(32, looked.count),
    });
    current = withSolved(current, layer, products);
  }
  const isAlone = ({ dims, columnAxis }: LinearLayer): boolean => dims[columnAxis] === 1;
  return { model: current, isComplete: layers.every((layer) => solvable.includes(layer) || isAlone(layer)) };
}

/** Layers that read something else than they did, or what may no longer be the same. */
function readsOtherThan(whole: Model, small: Model): (layer: LinearLayer) => boolean {
  const changed = new Set([...changedNodes(small, whole)].flatMap((node) => node.outputs));
  const before = new Map(findLinearLayers(whole).layers.map(({ node, data }) => [node, data]));
  return ({ node, data }) => changed.has(data) || before.get(node) !== data;
}

const outputOf = ({ graph }: Model, { node }: LinearLayer): string =>
  graph.nodes.find((n) => n.name === node)?.outputs[0] ?? "";

/** Layers of which each weight reads one channel, and that are small enough. */
function canBeSolved(shapes: ValueShapes, left: Left): (layer: LinearLayer) => boolean {
  return ({ data, dataAxis, dims, columnAxis, rowAxis }) => {
    const sizes = shapes.get(data)?.sizes ?? [];
    const axis = dataAxis(sizes.length);
    const channels = left(data, axis)?.filter(Boolean).length ?? sizes[axis];
    return channels === dims[columnAxis] && elementCount(dims) / dims[rowAxis]! <= MOST_WEIGHTS;
  };
}

/** (G + λI)·Δ = targets − G·W, where W is the weights as they are and G the products of what they are multiplied with. */
function withSolved(model: Model, layer: LinearLayer, { size, inputs, targets }: LayerProducts): Model {
  const weight = model.graph.initializers.find((t) => t.name === layer.weight)!;
  const data = (tensorArray(weight).data as Float32Array).slice();
  const { outer, size: rows, inner } = axisLayout(weight.dims, layer.rowAxis);
  const at = (row: number, j: number): number => (Math.floor(j / inner) * rows + row) * inner + (j % inner);
  let trace = 0;
  for (let i = 0; i < size; i++) trace += inputs[i * size + i]!;
  if (!(trace > 0) || outer * inner !== size) return model;
  const columns = Array.from({ length: rows }, (_, row) => {
    const column = new Float64Array(size);
    for (let i = 0; i < size; i++) {
      let sum = targets[i * rows + row]!;
      for (let j = 0; j < size; j++) sum -= inputs[i * size + j]! * data[at(row, j)]!;
      column[i] = sum;
    }
    return column;
  });
  const squares = inputs.slice();
  for (let i = 0; i < size; i++) squares[i * size + i]! += (RIDGE * trace) / size;
  if (!solvePositive(squares, columns)) return model;
  columns.forEach((column, row) => column.forEach((change, j) => (data[at(row, j)]! += change)));
  const graph = editGraph(model.graph, (edit) => edit.setInitializer(floatTensor(weight.name, weight.dims, data)));
  return Object.freeze({ ...model, graph });
}
