import { elementCount, float32, type NdArray } from "../base/array.ts";
import type { ElementType } from "../base/elementType.ts";
import { LatheError } from "../base/error.ts";
import { seededRandom } from "../base/random.ts";
import type { PlainAttribute } from "../graph/attributes.ts";
import { graph, model, node, tensor, value } from "../graph/build.ts";
import type { Model, Node, Tensor, Value } from "../graph/model.ts";
import type { Fans, Initializer } from "./initialize.ts";

/** Symbol of the batch dimension in every net of the zoo. */
export const BATCH = "batch";

/** A value of a net under construction. Dimensions are numbers, except for the batch. */
export interface Feature {
  readonly net: Net;
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly (number | string)[];
}

/** A learned tensor without its numbers. */
export interface Parameter {
  readonly name: string;
  readonly dims: readonly number[];
  readonly fans: Fans;
  readonly initializer: Initializer;
  /** Running statistics: not learned through gradients, and not counted as parameters. */
  readonly isState: boolean;
}

export interface ParameterParts {
  readonly initializer: Initializer;
  readonly fans?: Fans;
  readonly isState?: boolean;
}

export interface NodeShape {
  readonly dims: readonly (number | string)[];
  readonly type?: ElementType;
  /** Defaults to the first input's scope with the op's name: "layer1.bn1" → "layer1.relu". */
  readonly name?: string;
  readonly attributes?: Readonly<Record<string, PlainAttribute>>;
}

/** Collects the nodes and parameters of a net. A value has the name of the node that makes it. */
export interface Net {
  input(name: string, dims: readonly number[], type?: ElementType): Feature;
  /** Declares a parameter and gives its name. */
  parameter(name: string, dims: readonly number[], parts: ParameterParts): string;
  /** Adds a constant that is not learned and gives its name; equal ones are shared. */
  constant(array: NdArray): string;
  /** Appends a node with one output. Inputs are features, or names of parameters and constants. */
  emit(op: string, inputs: readonly (Feature | string)[], shape: NodeShape): Feature;
  /** Appends a node with several outputs. */
  emitAll(op: string, inputs: readonly (Feature | string)[], shapes: readonly NodeShape[]): readonly Feature[];
  /** What was collected, with the outputs renamed to the keys. Values that nothing reads become omitted outputs. */
  finish(outputs: Readonly<Record<string, Feature>>): Architecture;
}

/** A net without the numbers in its parameters. */
export interface Architecture {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly nodes: readonly Node[];
  /** Types of the inner values. */
  readonly values: readonly Value[];
  readonly parameters: readonly Parameter[];
  readonly constants: readonly Tensor[];
}

export function startNet(): Net {
  const nodes: Node[] = [];
  const inputs: Feature[] = [];
  const made: Feature[] = [];
  const parameters: Parameter[] = [];
  const constants = new Map<string, Tensor>();
  const taken = new Set<string>();

  const fresh = (wish: string): string => {
    let name = wish;
    for (let i = 1; taken.has(name); i++) name = `${wish}_${i}`;
    taken.add(name);
    return name;
  };
  const claim = (name: string): string => {
    if (taken.has(name)) throw new LatheError("internal", `The net already has a "${name}".`);
    taken.add(name);
    return name;
  };
  const net: Net = {
    input: (name, dims, type = "float32") => {
      const feature = { net, name: claim(name), type, dims: [BATCH, ...dims] };
      inputs.push(feature);
      return feature;
    },
    parameter: (name, dims, { initializer, fans = { in: 1, out: 1 }, isState = false }) => {
      parameters.push({ name: claim(name), dims, fans, initializer, isState });
      return name;
    },
    constant: (array) => {
      if (!ArrayBuffer.isView(array.data)) throw new LatheError("internal", "A net's constants are numbers.");
      const key = `${array.type}[${array.dims.join()}]${Array.from(array.data as Iterable<unknown>, String).join()}`;
      const found = constants.get(key) ?? tensor(fresh("constant"), array);
      constants.set(key, found);
      return found.name;
    },
    emit: (op, given, shape) => net.emitAll(op, given, [shape])[0]!,
    emitAll: (op, given, shapes) => {
      const first = given.find((i) => typeof i !== "string");
      const outputs = shapes.map(({ dims, type = first?.type ?? "float32", name }): Feature => {
        const unique = name === undefined ? fresh(sibling(first?.name ?? "", op.toLowerCase())) : claim(name);
        return { net, name: unique, type, dims };
      });
      const names = given.map((i) => (typeof i === "string" ? i : i.name));
      const { attributes = {} } = shapes[0] ?? {};
      nodes.push(node(op, [names, outputs.map((o) => o.name)], { attributes }));
      made.push(...outputs);
      return outputs;
    },
    finish: (outputs) => {
      const renamed = new Map(Object.entries(outputs).map(([name, feature]) => [feature.name, claim(name)]));
      const rename = (name: string): string => renamed.get(name) ?? name;
      const read = new Set([...nodes.flatMap((n) => n.inputs), ...renamed.keys()]);
      const kept = (name: string): string => (read.has(name) ? rename(name) : "");
      return Object.freeze<Architecture>({
        inputs: inputs.map(valueOf),
        outputs: Object.entries(outputs).map(([name, feature]) => valueOf({ ...feature, name })),
        nodes: nodes.map((n) => Object.freeze({ ...n, inputs: n.inputs.map(rename), outputs: n.outputs.map(kept) })),
        values: made.filter((f) => read.has(f.name) && !renamed.has(f.name)).map(valueOf),
        parameters,
        constants: [...constants.values()],
      });
    },
  };
  return net;
}

/** The net as a model with freshly drawn weights. A parameter's numbers depend on the seed and its name alone. */
export function initialize(architecture: Architecture, seed: number): Model {
  const random = seededRandom(seed, "zoo");
  const learned = architecture.parameters.map(({ name, dims, fans, initializer }) => {
    const stream = random.fork(name);
    const data = new Float32Array(elementCount(dims));
    for (let i = 0; i < data.length; i++) data[i] = initializer(stream, fans);
    return tensor(name, float32(dims, data));
  });
  const { inputs, outputs, nodes, values, constants } = architecture;
  return model(graph({ inputs, outputs, nodes, values, initializers: [...learned, ...constants] }));
}

/** A known size of a feature; a negative axis counts from the end. */
export function sizeOf(feature: Feature, axis: number): number {
  const size = feature.dims.at(axis);
  if (typeof size === "number") return size;
  throw new LatheError("internal", `Axis ${axis} of "${feature.name}" has no known size: "${feature.dims.join()}".`);
}

function sibling(name: string, last: string): string {
  const dot = name.lastIndexOf(".");
  return dot < 0 ? last : `${name.slice(0, dot)}.${last}`;
}

function valueOf({ name, type, dims }: Feature): Value {
  return value(name, type, dims);
}
