import { LatheError } from "../base/error.ts";
import type { PlainAttribute } from "../graph/attributes.ts";
import { graph, intTensor, model, node, value, withoutHoles } from "../graph/build.ts";
import type { Model, Node, Tensor } from "../graph/model.ts";
import { BATCH } from "./build.ts";
import type { ElasticSpace } from "./elasticSpace.ts";

/** Collects nodes; values are named after what they are. */
class Writer {
  readonly nodes: Node[] = [];
  readonly constants = new Map<string, Tensor>();
  readonly bounds: string[] = [];
  readonly #known: ReadonlyMap<string, Tensor>;

  constructor(known: readonly Tensor[]) {
    this.#known = new Map(known.map((t) => [t.name, t]));
  }

  op(
    type: string,
    inputs: readonly string[],
    { name, ...attributes }: { readonly name: string } & Readonly<Record<string, PlainAttribute>>,
  ): string {
    this.nodes.push(node(type, [withoutHoles(inputs), [name]], { attributes }));
    return name;
  }

  weight(name: string): string {
    const found = this.#known.get(name);
    if (found === undefined) throw new LatheError("internal", `The supernet has no constant "${name}".`);
    this.constants.set(name, found);
    return name;
  }

  ints(values: readonly number[]): string {
    const name = `ints.${values.join("_")}`;
    this.constants.set(name, intTensor(name, [values.length], values));
    return name;
  }

  bound(name: string): string {
    if (!this.bounds.includes(name)) this.bounds.push(name);
    return name;
  }
}

const START = 0;

interface Slicing {
  readonly cuts: readonly (readonly [axis: number, end: string])[];
  readonly name?: string;
}

/** value[…, 0:end, …] along some axes; ends are names of bounds. */
function slice(write: Writer, of: string, { cuts, name = `${of}.part` }: Slicing): string {
  const ends = cuts.map(([, end]) => end);
  const end = ends.length === 1 ? ends[0]! : write.op("Concat", ends, { name: `${name}.ends`, axis: 0 });
  return write.op("Slice", [of, write.ints(cuts.map(() => START)), end, write.ints(cuts.map(([axis]) => axis))], {
    name,
  });
}

interface ConvPlan {
  /** Of its weight, and of its output where several share that. */
  readonly name: string;
  readonly as?: string;
  readonly kernel: number;
  /** Of the weight that is there; the middle of it is used. */
  readonly held: number;
  readonly stride: number;
  /** Names of bounds; undefined: all. */
  readonly inputs: string | undefined;
  readonly outputs: string | undefined;
}

function conv(write: Writer, x: string, { name, as = name, kernel, held, stride, inputs, outputs }: ConvPlan): string {
  const whole = write.weight(`${name}.weight`);
  const cuts = [
    ...(outputs === undefined ? [] : ([[0, outputs]] as const)),
    ...(inputs === undefined ? [] : ([[1, inputs]] as const)),
  ];
  let weight = cuts.length === 0 ? whole : slice(write, whole, { cuts, name: `${as}.part` });
  if (kernel < held) {
    const from = (held - kernel) / 2;
    const [starts, ends] = [write.ints([from, from]), write.ints([from + kernel, from + kernel])];
    weight = write.op("Slice", [weight, starts, ends, write.ints([2, 3])], { name: `${as}.middle` });
  }
  const pad = (kernel - 1) / 2;
  return write.op("Conv", [x, weight], {
    name: as,
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [pad, pad, pad, pad],
    group: 1,
    dilations: [1, 1],
  });
}

interface NormPlan {
  readonly name: string;
  readonly channels: string | undefined;
}

function norm(write: Writer, x: string, { name, channels }: NormPlan): string {
  const parts = ["weight", "bias", "running_mean", "running_var"].map((kind) => {
    const whole = write.weight(`${name}.${kind}`);
    return channels === undefined ? whole : slice(write, whole, { cuts: [[0, channels]] });
  });
  return write.op("BatchNormalization", [x, ...parts], { name, epsilon: 1e-5, momentum: 0.9 });
}

const relu = (write: Writer, x: string): string => write.op("Relu", [x], { name: `${x}.relu` });

export const widthBound = (stage: number): string => `bounds.stage${stage + 1}.width`;
export const middleBound = (block: string): string => `bounds.${block}.middle`;
export const takeBound = (way: string): string => `bounds.${way}.take`;
export const keepBound = (way: string): string => `bounds.${way}.keep`;

/** The samples that go one way. */
const take = (write: Writer, x: string, way: string): string =>
  slice(write, x, { cuts: [[0, write.bound(takeBound(way))]], name: `${way}.take` });

/** Those of them that are meant. */
const keep = (write: Writer, x: string, way: string): string =>
  slice(write, x, { cuts: [[0, write.bound(keepBound(way))]], name: `${way}.keep` });

/** The whole graph, with the constants of the largest subnet. */
export function writeElastic(space: ElasticSpace, known: readonly Tensor[]): Model {
  const { input, classes, stages, kernels } = space;
  const write = new Writer(known);
  const held = Math.max(...kernels);
  const all = { inputs: undefined, outputs: undefined };
  const stem = conv(write, "input", { name: "stem.conv", kernel: 3, held: 3, stride: 1, ...all });
  let x = relu(write, norm(write, stem, { name: "stem.bn", channels: undefined }));
  let before: string | undefined;
  for (const [s, { depth }] of stages.entries()) {
    const width = write.bound(widthBound(s));
    for (let b = 0; b < depth; b++) {
      const name = `stage${s + 1}.block${b + 1}`;
      const from = b === 0 ? before : width;
      const own = (y: string): string =>
        block(write, y, {
          name,
          kernels,
          held,
          inputs: from,
          outputs: width,
          stride: s > 0 && b === 0 ? 2 : 1,
          isFirst: b === 0,
        });
      if (b === 0) x = own(x);
      else {
        const [there, beside] = [`${name}.there`, `${name}.skipped`];
        const made = keep(write, own(take(write, x, there)), there);
        x = write.op("Concat", [made, keep(write, x, beside)], { name: `${name}.out`, axis: 0 });
      }
    }
    before = width;
  }
  const pooled = write.op("Flatten", [write.op("GlobalAveragePool", [x], { name: "pool" })], {
    name: "features",
    axis: 1,
  });
  const weight = slice(write, write.weight("classifier.weight"), { cuts: [[1, before!]] });
  write.op("Gemm", [pooled, weight, write.weight("classifier.bias")], { name: "logits", transB: 1 });
  return model(
    graph({
      inputs: [value("input", "float32", [BATCH, ...input]), ...write.bounds.map((name) => value(name, "int64", [1]))],
      outputs: [value("logits", "float32", [BATCH, classes])],
      nodes: write.nodes,
      initializers: [...write.constants.values()],
    }),
  );
}

interface BlockPlan {
  readonly name: string;
  readonly kernels: readonly number[];
  readonly held: number;
  readonly inputs: string | undefined;
  readonly outputs: string;
  readonly stride: number;
  readonly isFirst: boolean;
}

function block(write: Writer, x: string, { name, kernels, held, inputs, outputs, stride, isFirst }: BlockPlan): string {
  const middle = write.bound(middleBound(name));
  const first = `${name}.first.conv`;
  const ways = kernels.map((kernel) => {
    const plan = { name: first, kernel, held, stride, inputs, outputs: middle };
    if (kernels.length === 1) return conv(write, x, plan);
    const way = `${name}.kernel${kernel}`;
    return keep(write, conv(write, take(write, x, way), { ...plan, as: `${way}.conv` }), way);
  });
  const joined = ways.length === 1 ? ways[0]! : write.op("Concat", ways, { name: first, axis: 0 });
  const hidden = relu(write, norm(write, joined, { name: `${name}.first.bn`, channels: middle }));
  const rest = { kernel: 3, held: 3, stride: 1, inputs: middle, outputs };
  const second = conv(write, hidden, { name: `${name}.second.conv`, ...rest });
  const y = norm(write, second, { name: `${name}.second.bn`, channels: outputs });
  const shortcut = { name: `${name}.beside.conv`, kernel: 1, held: 1, stride, inputs, outputs };
  const beside = isFirst ? norm(write, conv(write, x, shortcut), { name: `${name}.beside.bn`, channels: outputs }) : x;
  return relu(write, write.op("Add", [y, beside], { name: `${name}.sum` }));
}
