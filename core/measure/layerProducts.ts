import { elementCount, toFloat32, type NdArray } from "../base/array.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import { LatheError } from "../base/error.ts";
import { floatTensor, intTensor, node, tensorArray, value } from "../graph/build.ts";
import { removeDeadNodes } from "../graph/edit.ts";
import type { Graph, Model, Node, Tensor } from "../graph/model.ts";
import { freshNames, indexGraph } from "../graph/uses.ts";
import { opOf } from "../ops/registry.ts";
import { openSession } from "../runtime/session.ts";
import type { ChannelOptions } from "./channelSums.ts";
import { findShapes } from "./shapes.ts";

/** What a layer's least-squares weights follow from, summed over samples and places. */
export interface LayerProducts {
  /** Weights of one output channel: input channels × kernel. */
  readonly size: number;
  /** Σ p·pᵀ, [size × size]: of what one output channel's weights are multiplied with. */
  readonly inputs: Float64Array;
  /** Σ p·yᵀ, [size × outputs]: with what the layer is to give, less its bias. */
  readonly targets: Float64Array;
}

export interface LayerOptions extends ChannelOptions {
  /** Name of the layer's node, in both models. */
  readonly layer: string;
  /** Output channels of the whole model's layer that the layer has; undefined for all. */
  readonly outputs?: readonly number[];
}

/**
 * Products of a layer's inputs with each other and with what the layer of another model gives for the same samples. What a
 * weight is multiplied with is the layer's own op with an identity in place of its weights, which holds for every op that
 * is linear in its weight. Everything is summed inside the graph, so memory does not grow with the number of samples.
 * @param model whose layer is looked at; constants in memory, opset 13 or newer, one input
 * @param whole the model that is to be matched
 * @throws invalid-data where there are no samples, or fewer than the models' batch
 */
export async function layerProducts(model: Model, whole: Model, options: LayerOptions): Promise<LayerProducts> {
  const { stream, batch, session, host, signal } = options;
  const own = await probe(model, options);
  const target = await answers(whole, options);
  const open = await openSession(target, session, host);
  try {
    const probing = await openSession(own.model, session, host);
    try {
      const [input] = open.inputs;
      const fixed = typeof input?.dims[0] === "number" ? input.dims[0] : undefined;
      const inputs = new Float64Array(own.size ** 2);
      const targets = new Float64Array(own.size * own.outputs);
      let done = 0;
      for await (const { indices, input: samples } of stream.batches(fixed ?? batch, signal, true)) {
        throwIfCancelled(signal);
        if (fixed !== undefined && indices.length !== fixed) continue;
        const wanted = await open.run({ [input!.name]: samples });
        const found = await probing.run({
          [input!.name]: samples,
          [own.target]: wanted[target.graph.outputs[0]!.name]!,
        });
        add(inputs, found[own.sums[0]!]!);
        add(targets, found[own.sums[1]!]!);
        done += indices.length;
      }
      if (done === 0) {
        throw new LatheError(
          "invalid-data",
          `There are "${stream.count}" samples, fewer than the model takes at once.`,
          {
            hint: "Give the training split more samples.",
          },
        );
      }
      return { size: own.size, inputs, targets };
    } finally {
      await probing.close();
    }
  } finally {
    await open.close();
  }
}

function add(total: Float64Array, part: NdArray): void {
  const values = toFloat32(part);
  for (let i = 0; i < total.length; i++) total[i]! += values[i]!;
}

interface Probe {
  readonly model: Model;
  readonly size: number;
  readonly outputs: number;
  /** Input that takes the wanted answers, [outputs × places]. */
  readonly target: string;
  /** Outputs with the sums. */
  readonly sums: readonly string[];
}

async function probe(model: Model, options: LayerOptions): Promise<Probe> {
  const { node: layer, linear, weight } = layerOf(model, options.layer);
  const rank = weight.dims.length;
  const row = linear.outputAxis(layer, rank);
  const outputs = weight.dims[row]!;
  const size = elementCount(weight.dims) / outputs;
  const fresh = freshNames(model.graph);
  const [identity, gathered, own, mixed, target] = ["identity", "gathered", "own", "mixed", "target"].map((part) =>
    fresh(`${options.layer}/products.${part}`),
  );
  const inputs = layer.inputs.slice(0, linear.weight + 1).with(linear.weight, identity!);
  const flat = await flattened(model, { of: gathered!, like: layer.outputs[0]!, linear, fresh, options });
  return {
    model: withOutputs(model, {
      nodes: [
        { ...layer, name: fresh(`${options.layer}/products`), inputs, outputs: [gathered!] },
        ...flat.nodes,
        node("Gemm", [[flat.name, flat.name], [own!]], { attributes: { transB: 1 } }),
        node("Gemm", [[flat.name, target!], [mixed!]], { attributes: { transB: 1 } }),
      ],
      constants: [identityWeight(identity!, { dims: weight.dims, row, size })],
      inputs: [value(target!, "float32")],
      outputs: [own!, mixed!],
    }),
    size,
    outputs,
    target: target!,
    sums: [own!, mixed!],
  };
}

/** Answers of the layer without its bias, its output channels first: [outputs × places]. */
async function answers(whole: Model, options: LayerOptions): Promise<Model> {
  const { node: layer, linear, weight } = layerOf(whole, options.layer);
  const { initializer } = indexGraph(whole.graph);
  const all = weight.dims[linear.outputAxis(layer, weight.dims.length)]!;
  const channels = options.outputs ?? Array.from({ length: all }, (_, i) => i);
  const fresh = freshNames(whole.graph);
  const [kept, chosen, bias, less] = ["kept", "chosen", "bias", "less"].map((part) =>
    fresh(`${options.layer}/answers.${part}`),
  );
  const flat = await flattened(whole, { of: layer.outputs[0]!, like: layer.outputs[0]!, linear, fresh, options });
  const known = linear.bias === undefined ? undefined : initializer.get(layer.inputs[linear.bias] ?? "");
  const offsets = known === undefined ? undefined : toFloat32(tensorArray(known));
  return withOutputs(whole, {
    nodes: [
      ...flat.nodes,
      node("Gather", [[flat.name, kept!], [chosen!]], { attributes: { axis: 0 } }),
      node("Sub", [[chosen!, bias!], [less!]]),
    ],
    constants: [
      intTensor(kept!, [channels.length], channels),
      floatTensor(
        bias!,
        [channels.length, 1],
        channels.map((c) => offsets?.[offsets.length === 1 ? 0 : c] ?? 0),
      ),
    ],
    inputs: [],
    outputs: [less!],
  });
}

function layerOf(
  model: Model,
  name: string,
): {
  readonly node: Node;
  readonly linear: NonNullable<ReturnType<typeof opOf>>["linear"] & object;
  readonly weight: Tensor;
} {
  const found = model.graph.nodes.find((n) => n.name === name);
  const linear = found && opOf(found, model.opsets)?.linear;
  const weight = linear && indexGraph(model.graph).initializer.get(found.inputs[linear.weight] ?? "");
  if (found === undefined || linear === undefined || weight === undefined) {
    throw new LatheError("not-found", `There is no layer "${name}" with weights.`);
  }
  return { node: found, linear, weight };
}

interface Flattening {
  /** The value, and one of the same rank whose shape is known. */
  readonly of: string;
  readonly like: string;
  readonly linear: NonNullable<NonNullable<ReturnType<typeof opOf>>["linear"]>;
  readonly fresh: (name: string) => string;
  readonly options: LayerOptions;
}

/** Nodes that bring channels to the front and all else behind them: [channels × places]. */
async function flattened(
  model: Model,
  { of, like, linear, fresh, options }: Flattening,
): Promise<{ readonly nodes: readonly Node[]; readonly name: string }> {
  const rank = (await findShapes(model, options)).values.get(like)?.dims.length ?? 2;
  const axis = linear.dataAxis(rank);
  const perm = [axis, ...Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis)];
  const [first, name] = [fresh(`${of}/first`), fresh(`${of}/rows`)];
  return {
    nodes: [
      node("Transpose", [[of], [first]], { attributes: { perm } }),
      node("Flatten", [[first], [name]], { attributes: { axis: 1 } }),
    ],
    name,
  };
}

/** A weight whose output channel j is one at the j-th of the weights that an output channel has. */
function identityWeight(
  name: string,
  { dims, row, size }: { readonly dims: readonly number[]; readonly row: number; readonly size: number },
): Tensor {
  const data = new Float32Array(size * size);
  const inner = elementCount(dims.slice(row + 1));
  for (let j = 0; j < size; j++) data[(Math.floor(j / inner) * size + j) * inner + (j % inner)] = 1;
  return floatTensor(name, dims.with(row, size), data);
}

interface Additions {
  readonly nodes: readonly Node[];
  readonly constants: readonly Tensor[];
  readonly inputs: Graph["inputs"];
  readonly outputs: readonly string[];
}

function withOutputs(model: Model, { nodes, constants, inputs, outputs }: Additions): Model {
  const graph = removeDeadNodes({
    ...model.graph,
    nodes: [...model.graph.nodes, ...nodes],
    initializers: [...model.graph.initializers, ...constants],
    inputs: [...model.graph.inputs, ...inputs],
    outputs: outputs.map((name) => value(name, "float32")),
  });
  return Object.freeze({ ...model, graph });
}
