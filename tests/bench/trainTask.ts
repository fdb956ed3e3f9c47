import { seededRandom } from "../../core/base/random.ts";
import { float32, toFloat32, type NdArray } from "../../core/base/array.ts";
import { tensorArray } from "../../core/graph/build.ts";
import type { Attribute, Model } from "../../core/graph/model.ts";
import { findNet } from "../../core/zoo/catalogue.ts";
import type { Json } from "../../core/base/json.ts";

export const RATE = 0.05;
export const MOMENTUM = 0.9;

/** A net of the zoo at one size. */
export interface Subject {
  readonly title: string;
  readonly net: string;
  readonly input: readonly number[];
  readonly classes: number;
  readonly params?: Readonly<Record<string, Json>>;
  readonly batch: number;
}

/** Everything that both sides are given: the same weights, one batch, its classes. */
export interface Lesson {
  readonly model: Model;
  readonly input: { readonly name: string; readonly array: NdArray };
  readonly target: readonly number[];
}

export function lessonOf({ net, input, classes, params = {}, batch }: Subject): Lesson {
  const model = findNet(net).build({ seed: 0, input, classes, params });
  const random = seededRandom(0, "bench");
  const dims = [batch, ...input];
  const count = dims.reduce((all, d) => all * d, 1);
  const array = float32(
    dims,
    Float32Array.from({ length: count }, () => random.normal()),
  );
  const target = Array.from({ length: batch }, () => Math.floor(random.next() * classes));
  return { model, input: { name: model.graph.inputs[0]!.name, array }, target };
}

/** The lesson as the PyTorch side reads it: a description, and all numbers in one file. */
export function peerFiles({ model, input, target }: Lesson): { readonly spec: string; readonly weights: Float32Array } {
  const { graph } = model;
  const chunks: Float32Array[] = [];
  let floats = 0;
  const put = (array: NdArray): { at: number; dims: readonly number[] } => {
    const data = toFloat32(array);
    const entry = { at: floats, dims: array.dims };
    chunks.push(data);
    floats += data.length;
    return entry;
  };
  const floatConstants: Record<string, unknown> = {};
  const integerConstants: Record<string, unknown> = {};
  const trained: string[] = [];
  // Running statistics are the fourth and fifth input of a normalisation; scalars are no weights.
  const statistics = new Set(graph.nodes.flatMap((n) => (n.op === "BatchNormalization" ? n.inputs.slice(3) : [])));
  for (const t of graph.initializers) {
    const array = tensorArray(t);
    if (array.type === "float32") {
      floatConstants[t.name] = put(array);
      if (!statistics.has(t.name) && t.dims.length > 0) trained.push(t.name);
    } else {
      const numbers = Array.from(array.data as BigInt64Array, Number);
      integerConstants[t.name] = t.dims.length === 0 ? numbers[0] : numbers;
    }
  }
  const nodes = graph.nodes.map(({ op, inputs, outputs, attributes }) => ({
    op,
    inputs: inputs.filter((name, i) => name !== "" || i < inputs.length - 1),
    outputs,
    attributes: Object.fromEntries(Object.entries(attributes).map(([name, a]) => [name, plainOf(a)])),
  }));
  const spec = JSON.stringify({
    nodes,
    input: { name: input.name, ...put(input.array) },
    output: graph.outputs[0]!.name,
    target,
    floatConstants,
    integerConstants,
    trained,
    floats,
    rate: RATE,
    momentum: MOMENTUM,
  });
  const weights = new Float32Array(floats);
  let at = 0;
  for (const chunk of chunks) {
    weights.set(chunk, at);
    at += chunk.length;
  }
  return { spec, weights };
}

/** Numbers and lists of numbers; the peer needs no other attributes. */
function plainOf(attribute: Attribute): number | readonly number[] | undefined {
  switch (attribute.kind) {
    case "int":
      return Number(attribute.value);
    case "ints":
      return attribute.value.map(Number);
    case "float":
      return attribute.value;
    default:
      return undefined;
  }
}
