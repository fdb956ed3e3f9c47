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

export interface NormOptions {
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

/**
 * Length of each channel of inner values over all samples and places, √Σx². The squares are added up inside the graph,
 * so that memory does not grow with the number of samples.
 * @param model constants in memory, opset 13 or newer, one input
 * @throws invalid-data where there are no samples, or fewer than the model's batch
 */
export async function channelNorms(
  model: Model,
  watches: readonly ChannelWatch[],
  { stream, batch, session, host, signal }: NormOptions,
): Promise<ReadonlyMap<string, Float64Array>> {
  const { values } = await findShapes(model, { host, signal });
  const fresh = freshNames(model.graph);
  const nodes: Node[] = [];
  const constants: Tensor[] = [];
  const sums = new Map<string, string>();
  for (const { value: name, axis } of watches) {
    const rank = values.get(name)?.dims.length;
    if (rank === undefined || sums.has(name)) continue;
    const axes = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis(rank));
    const [square, sum, over] = ["square", "sum", "axes"].map((part) => fresh(`${name}/norm.${part}`));
    constants.push(intTensor(over!, [axes.length], axes));
    nodes.push(node("Mul", [[name, name], [square!]]));
    nodes.push(node("ReduceSum", [[square!, over!], [sum!]], { attributes: { keepdims: 0 } }));
    sums.set(name, sum!);
  }
  const graph = removeDeadNodes({
    ...model.graph,
    nodes: [...model.graph.nodes, ...nodes],
    initializers: [...model.graph.initializers, ...constants],
    outputs: [...sums.values()].map((name) => value(name, "float32")),
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
      for (const [name, sum] of sums) {
        const part = toFloat32(results[sum]!);
        const total = found.get(name) ?? new Float64Array(part.length);
        for (let c = 0; c < part.length; c++) total[c] = total[c]! + part[c]!;
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
  return new Map([...found].map(([name, total]) => [name, total.map(Math.sqrt)]));
}
