import { toFloat32 } from "../base/array.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import { LatheError } from "../base/error.ts";
import type { Host } from "../base/host.ts";
import type { SampleStream } from "../data/batches.ts";
import { intTensor, node, value } from "../graph/build.ts";
import { removeDeadNodes } from "../graph/edit.ts";
import type { Model, Node, Tensor } from "../graph/model.ts";
import { freshNames } from "../graph/uses.ts";
import { withSession, type SessionOptions } from "../runtime/session.ts";
import { findShapes } from "./shapes.ts";

export interface ChannelOptions {
  readonly stream: SampleStream;
  readonly batch: number;
  readonly session: SessionOptions;
  readonly host: Host;
  readonly signal: AbortSignal;
}

/** A value and its axis over channels, given its rank. */
export interface ChannelWatch {
  readonly value: string;
  readonly axis: (rank: number) => number;
}

/** Nodes and constants that make a sum over samples and places of a value, and the sum's name. */
interface Summed {
  readonly nodes: readonly Node[];
  readonly constants: readonly Tensor[];
  readonly sum: string;
}

type Summing = (watched: {
  readonly value: string;
  readonly rank: number;
  readonly axis: number;
  readonly fresh: (name: string) => string;
}) => Summed;

/**
 * Length of each channel of inner values over all samples and places, √Σx². The squares are added up inside the graph,
 * so that memory does not grow with the number of samples.
 * @param model constants in memory, opset 13 or newer, one input
 * @throws invalid-data where there are no samples, or fewer than the model's batch
 */
export async function channelNorms(
  model: Model,
  watches: readonly ChannelWatch[],
  options: ChannelOptions,
): Promise<ReadonlyMap<string, Float64Array>> {
  const squares: Summing = ({ value: name, rank, axis, fresh }) => {
    const axes = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis);
    const [square, sum, over] = ["square", "sum", "axes"].map((part) => fresh(`${name}/norm.${part}`));
    return {
      constants: [intTensor(over!, [axes.length], axes)],
      nodes: [
        node("Mul", [[name, name], [square!]]),
        node("ReduceSum", [[square!, over!], [sum!]], { attributes: { keepdims: 0 } }),
      ],
      sum: sum!,
    };
  };
  const found = await sumOverSamples(model, watches, { ...options, summing: squares });
  return new Map([...found].map(([name, total]) => [name, total.map(Math.sqrt)]));
}

/**
 * Products of the channels of inner values, Σ x·xᵀ over all samples and places: [channels × channels], row by row. As
 * with the norms, they are added up inside the graph.
 * @param model constants in memory, opset 13 or newer, one input
 * @throws invalid-data where there are no samples, or fewer than the model's batch
 */
export function channelProducts(
  model: Model,
  watches: readonly ChannelWatch[],
  options: ChannelOptions,
): Promise<ReadonlyMap<string, Float64Array>> {
  const products: Summing = ({ value: name, rank, axis, fresh }) => {
    const perm = [axis, ...Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis)];
    const [first, rows, sum] = ["first", "rows", "sum"].map((part) => fresh(`${name}/products.${part}`));
    return {
      constants: [],
      nodes: [
        node("Transpose", [[name], [first!]], { attributes: { perm } }),
        node("Flatten", [[first!], [rows!]], { attributes: { axis: 1 } }),
        node("Gemm", [[rows!, rows!], [sum!]], { attributes: { transB: 1 } }),
      ],
      sum: sum!,
    };
  };
  return sumOverSamples(model, watches, { ...options, summing: products });
}

async function sumOverSamples(
  model: Model,
  watches: readonly ChannelWatch[],
  { stream, batch, session, host, signal, summing }: ChannelOptions & { readonly summing: Summing },
): Promise<ReadonlyMap<string, Float64Array>> {
  const { values } = await findShapes(model, { host, signal });
  const fresh = freshNames(model.graph);
  const sums = new Map<string, Summed>();
  for (const { value: name, axis } of watches) {
    const rank = values.get(name)?.dims.length;
    if (rank !== undefined && !sums.has(name)) sums.set(name, summing({ value: name, rank, axis: axis(rank), fresh }));
  }
  const made = [...sums.values()];
  const graph = removeDeadNodes({
    ...model.graph,
    nodes: [...model.graph.nodes, ...made.flatMap((m) => m.nodes)],
    initializers: [...model.graph.initializers, ...made.flatMap((m) => m.constants)],
    outputs: made.map(({ sum }) => value(sum, "float32")),
  });
  const found = new Map<string, Float64Array>();
  await withSession(Object.freeze({ ...model, graph }), { ...session, host }, async (open) => {
    const [input] = open.inputs;
    if (input === undefined || open.inputs.length !== 1) {
      throw new LatheError("unsupported", `Samples go into one input; this model has "${open.inputs.length}".`);
    }
    const fixed = typeof input.dims[0] === "number" ? input.dims[0] : undefined;
    let done = 0;
    for await (const { indices, input: samples } of stream.batches(fixed ?? batch, signal, true)) {
      throwIfCancelled(signal);
      if (fixed !== undefined && indices.length !== fixed) continue;
      const results = await open.run({ [input.name]: samples });
      for (const [name, { sum }] of sums) {
        const part = toFloat32(results[sum]!);
        const total = found.get(name) ?? new Float64Array(part.length);
        for (let c = 0; c < part.length; c++) total[c]! += part[c]!;
        found.set(name, total);
      }
      done += indices.length;
    }
    if (done === 0) {
      throw new LatheError("invalid-data", `There are "${stream.count}" samples, fewer than the model takes at once.`, {
        hint: "Give the calibration split more samples.",
      });
    }
  });
  return found;
}
