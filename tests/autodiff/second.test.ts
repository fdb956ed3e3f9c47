import { describe, expect, it } from "vitest";
import { elementCount, type NdArray } from "../../core/base/array.ts";
import { LatheError } from "../../core/base/error.ts";
import { seededRandom } from "../../core/base/random.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { floatAttribute, type PlainAttribute } from "../../core/graph/attributes.ts";
import { graph, model, node, tensor, value } from "../../core/graph/build.ts";
import type { Model, Node, Tensor } from "../../core/graph/model.ts";
import { openSession } from "../../core/runtime/session.ts";
import { backwardModel, run, runBackward, type Arrays } from "./backward.ts";
import { bools, floats, intArray, ints } from "./operands.ts";

interface Twice {
  readonly inputs: readonly NdArray[];
  readonly attributes?: Readonly<Record<string, PlainAttribute>>;
  readonly opset?: number;
  readonly outputs?: number;
}

type Float = "float32" | "float64";

const asType = (array: NdArray, type: Float): NdArray =>
  array.type !== "float64" || type === "float64"
    ? array
    : { ...array, type, data: Float32Array.from(array.data as Float64Array) };

/** Σ w·v² over a value's elements, with seeded weights, as nodes that make `sum`. */
function weighted(name: string, { dims, type }: NdArray, sum: string): { nodes: Node[]; weight: Tensor } {
  const random = seededRandom(3, sum);
  const data = Float64Array.from({ length: elementCount(dims) }, () => 0.5 + random.next());
  const nodes = [
    node("Mul", [[name, name], [`${sum}.squares`]]),
    node("Mul", [[`${sum}.squares`, `${sum}.weights`], [`${sum}.terms`]]),
    node("ReduceSum", [[`${sum}.terms`], [sum]], { attributes: { keepdims: 0 } }),
  ];
  const weights = asType({ type: "float64", dims, data }, type as Float);
  return { nodes, weight: tensor(`${sum}.weights`, weights) };
}

function append(to: Model, parts: readonly ReturnType<typeof weighted>[], output: string): Model {
  const nodes = [...to.graph.nodes, ...parts.flatMap((p) => p.nodes)];
  const initializers = [...to.graph.initializers, ...parts.map((p) => p.weight)];
  return { ...to, graph: { ...to.graph, nodes, initializers, outputs: [{ name: output }] } };
}

/**
 * Meets the gradient of Σ w·g², over the gradients g of Σ w·y² of one op, with central differences of that sum;
 * in float64 where the runtime has the kernels.
 */
async function checkTwice(op: string, setting: Twice): Promise<void> {
  try {
    await checkTwiceAs("float64", op, setting);
  } catch (thrown) {
    if (!(thrown instanceof LatheError) || thrown.code !== "not-runnable") throw thrown;
    await checkTwiceAs("float32", op, setting);
  }
}

async function checkTwiceAs(type: Float, op: string, setting: Twice): Promise<void> {
  const { feeds, to, total } = await twice(type, op, setting);
  const { gradients } = await runBackward(total, { from: { total: undefined }, to, feeds });
  const [step, tolerance] = type === "float64" ? [1e-5, 1e-6] : [1e-2, 3e-2];
  const session = await openSession(total, { optimization: "none" }, nodeHost);
  try {
    for (const name of to) {
      const given = feeds[name]!;
      for (let at = 0; at < given.data.length; at++) {
        const moved = async (by: number): Promise<number> => {
          const data = (given.data as Float64Array).slice();
          data[at]! += by;
          const result = await session.run({ ...feeds, [name]: { ...given, data } });
          return Number(result["total"]!.data[0]);
        };
        const expected = ((await moved(step)) - (await moved(-step))) / (2 * step);
        // No gradient: nothing depends on it.
        const actual = Number(gradients[name]?.data[at] ?? 0);
        const distance = Math.abs(actual - expected) / Math.max(1, Math.abs(expected));
        expect(distance, `${op} ${name} element ${at}: ${actual} against ${expected}`).toBeLessThan(tolerance);
      }
    }
  } finally {
    await session.close();
  }
}

/** The model of Σ w·g². */
async function twice(
  type: Float,
  op: string,
  { inputs, attributes = {}, ...rest }: Twice,
): Promise<{ feeds: Arrays; to: readonly string[]; total: Model }> {
  const arrays = inputs.map((array) => asType(array, type));
  const names = arrays.map((_, slot) => `x${slot}`);
  const outputs = Array.from({ length: rest.outputs ?? 1 }, (_, i) => `y${i}`);
  const variables = arrays.flatMap((array, slot) => (array.type === type ? [slot] : []));
  const to = variables.map((slot) => names[slot]!);
  const feeds: Arrays = Object.fromEntries(variables.map((slot) => [names[slot]!, arrays[slot]!]));
  const forward = model(
    graph({
      inputs: to.map((name) => value(name, type, feeds[name]!.dims)),
      outputs: [{ name: "y0" }],
      nodes: [node(op, [names, outputs], { attributes })],
      initializers: arrays.flatMap((array, slot) => (variables.includes(slot) ? [] : [tensor(names[slot]!, array)])),
    }),
    { opsets: { "": rest.opset ?? 17 } },
  );
  const y = (await run(forward, feeds))["y0"]!;
  const loss = append(forward, [weighted("y0", y, "loss")], "loss");
  const first = await backwardModel(loss, { from: { loss: undefined }, to, feeds });
  const parts = to.map((name) => weighted(first.gradients.get(name)!, feeds[name]!, `sum.${name}`));
  const added = append(first.model, parts, "total");
  const nodes = to.map((name, i) =>
    node("Add", [
      [i === 0 ? "nothing" : `total${i}`, `sum.${name}`],
      [i === to.length - 1 ? "total" : `total${i + 1}`],
    ]),
  );
  const zero = tensor("nothing", asType(floats([], [0]), type));
  const whole = {
    ...added.graph,
    nodes: [...added.graph.nodes, ...nodes],
    initializers: [...added.graph.initializers, zero],
  };
  return { feeds, to, total: { ...added, graph: whole } };
}

const random = (dims: readonly number[], low = -2, high = 2): NdArray => {
  const { next } = seededRandom(5, dims.join());
  return floats(
    dims,
    Array.from({ length: elementCount(dims) }, () => low + next() * (high - low)),
  );
};

const [x, near] = [random([2, 3]), random([2, 3], 0.5, 2)];

const cases: Readonly<Record<string, readonly Twice[]>> = {
  Add: [{ inputs: [x, random([3])] }],
  Sub: [{ inputs: [x, random([3])] }],
  Mul: [{ inputs: [x, random([3])] }, { inputs: [x, random([2, 1])] }],
  Div: [{ inputs: [x, random([3], 0.5, 2)] }],
  Pow: [{ inputs: [near, random([3], 1, 3)] }, { inputs: [near, floats([], [3])] }],
  Max: [{ inputs: [x, random([3])] }],
  Mean: [{ inputs: [x, random([3])] }],
  Where: [{ inputs: [bools([2, 1], [true, false]), x, random([3])] }],
  Neg: [{ inputs: [x] }],
  Abs: [{ inputs: [x] }],
  Sqrt: [{ inputs: [near] }],
  Reciprocal: [{ inputs: [near] }],
  Exp: [{ inputs: [x] }],
  Log: [{ inputs: [near] }],
  Erf: [{ inputs: [x] }],
  Sin: [{ inputs: [x] }],
  Cos: [{ inputs: [x] }],
  Relu: [{ inputs: [x] }],
  LeakyRelu: [{ inputs: [x] }],
  PRelu: [{ inputs: [x, random([3])] }],
  Elu: [{ inputs: [x], attributes: { alpha: floatAttribute(0.5) } }],
  Sigmoid: [{ inputs: [x] }],
  Tanh: [{ inputs: [x] }],
  Softplus: [{ inputs: [x] }],
  Gelu: [
    { inputs: [x], opset: 20 },
    { inputs: [x], opset: 20, attributes: { approximate: "tanh" } },
  ],
  Softmax: [{ inputs: [x] }, { inputs: [x], attributes: { axis: 0 } }],
  LogSoftmax: [{ inputs: [x] }],
  Clip: [{ inputs: [x, floats([], [-1]), floats([], [1])] }],
  ReduceSum: [{ inputs: [x, ints(1)], attributes: { keepdims: 0 } }],
  ReduceMean: [
    { inputs: [x], attributes: { axes: [0], keepdims: 0 } },
    { inputs: [x, ints(-1)], opset: 18 },
  ],
  ReduceMax: [{ inputs: [x], attributes: { axes: [1] } }],
  ReduceProd: [{ inputs: [near], attributes: { axes: [1] } }],
  ReduceL2: [{ inputs: [x], attributes: { axes: [1], keepdims: 0 } }],
  ReduceSumSquare: [{ inputs: [x], attributes: { axes: [1] } }],
  ReduceLogSumExp: [{ inputs: [x], attributes: { axes: [1] } }],
  MatMul: [
    { inputs: [x, random([3, 2])] },
    { inputs: [random([2, 2, 3]), random([3, 2])] },
    { inputs: [random([2, 2, 3]), random([2, 3, 2])] },
    { inputs: [random([3]), random([2, 3, 2])] },
  ],
  Gemm: [
    { inputs: [x, random([3, 2]), random([2])] },
    { inputs: [x, random([2, 3]), random([2])], attributes: { transB: 1, alpha: floatAttribute(0.5) } },
  ],
  Einsum: [{ inputs: [x, random([3, 2])], attributes: { equation: "ij,jk->ik" } }],
  Reshape: [{ inputs: [x, ints(3, 2)] }],
  Transpose: [{ inputs: [random([2, 3, 2])], attributes: { perm: [1, 2, 0] } }],
  Expand: [{ inputs: [random([3, 1]), ints(2, 3, 2)] }],
  Tile: [{ inputs: [x, ints(2, 1)] }],
  Concat: [{ inputs: [x, random([2, 1])], attributes: { axis: 1 } }],
  Split: [{ inputs: [random([2, 4]), ints(1, 3)], attributes: { axis: 1 }, outputs: 2 }],
  Slice: [
    { inputs: [random([4, 3]), ints(1), ints(3)] },
    { inputs: [random([5, 3]), ints(4), ints(-100), ints(0), ints(-2)] },
  ],
  Gather: [
    { inputs: [x, ints(0, 1, 0)], attributes: { axis: 0 } },
    { inputs: [x, ints(2, 2)], attributes: { axis: 1 } },
  ],
  GatherElements: [{ inputs: [x, intArray([1, 3], [1, 0, 1])] }],
  GatherND: [{ inputs: [x, intArray([2, 1], [1, 1])] }],
  ScatterElements: [{ inputs: [x, intArray([1, 3], [1, 0, 1]), random([1, 3])] }],
  ScatterND: [{ inputs: [x, intArray([1, 1], [1]), random([1, 3])] }],
  TopK: [{ inputs: [x, ints(2)], outputs: 2 }],
  CumSum: [{ inputs: [x, intArray([], [1])] }],
  Trilu: [{ inputs: [x] }],
};

describe("second derivatives", () => {
  for (const [op, settings] of Object.entries(cases)) {
    it(op, async () => {
      for (const setting of settings) await checkTwice(op, setting);
    });
  }
});
