import { expect } from "vitest";
import { arrayBytes, elementCount, type ArrayData, type NdArray } from "../../core/base/array.ts";
import type { ElementType } from "../../core/base/elementType.ts";
import { LatheError } from "../../core/base/error.ts";
import { seededRandom } from "../../core/base/random.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { differentiate } from "../../core/autodiff/differentiate.ts";
import type { PlainAttribute } from "../../core/graph/attributes.ts";
import { graph as makeGraph, model as makeModel, node, tensor, value } from "../../core/graph/build.ts";
import type { Graph, Model, Node, Value } from "../../core/graph/model.ts";
import type { ValueFacts } from "../../core/ops/gradient.ts";
import { openSession, withSession } from "../../core/runtime/session.ts";

type Float = "float32" | "float64";

/** Numbers for one input: given, or a shape that is filled with seeded normal numbers. */
export type Operand = NdArray | { readonly shape: readonly number[]; readonly low?: number; readonly high?: number };

export interface GradientCheck {
  readonly op: string;
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, PlainAttribute>>;
  /** One per input slot; undefined omits an optional one. Float arrays are given in the type under test. */
  readonly inputs: readonly (Operand | undefined)[];
  readonly outputs?: number;
  /** Output slots that the loss reads; default: the first. */
  readonly lossOn?: readonly number[];
  /** Slots to differentiate by; default: every float input. */
  readonly by?: readonly number[];
  readonly opset?: number;
  /** Other domains' versions. */
  readonly opsets?: Readonly<Record<string, number>>;
  /** Dimensions that the rule may not know: input slot → axis → symbol. */
  readonly symbols?: Readonly<Record<number, Readonly<Record<number, string>>>>;
  /** Slots that are constants of the graph and not inputs, as exporters write shapes and axes. Default: integer inputs. */
  readonly constants?: readonly number[];
  /** Float type; default float64, and float32 where the runtime has no float64 kernel. */
  readonly type?: Float;
  /** Applied to every model before it runs, for ops that no runtime has a kernel for. */
  readonly prepare?: (model: Model) => Model;
  readonly tolerance?: number;
  readonly seed?: number;
}

/**
 * Checks one op's gradient rule against central differences of the real runtime: the loss is the sum of the outputs,
 * each element weighted with a seeded random number.
 */
export async function checkGradient(check: GradientCheck): Promise<void> {
  if (check.type !== undefined) return checkAs(check, check.type);
  try {
    await checkAs(check, "float64");
  } catch (thrown) {
    if (!(thrown instanceof LatheError) || thrown.code !== "not-runnable") throw thrown;
    await checkAs(check, "float32");
  }
}

async function checkAs(check: GradientCheck, type: Float): Promise<void> {
  const random = seededRandom(check.seed ?? 1, check.op);
  const arrays = check.inputs.map((operand) => (operand === undefined ? undefined : fill(operand, type, random)));
  const names = arrays.map((array, slot) => (array === undefined ? "" : `x${slot}`));
  const constants = check.constants ?? arrays.flatMap((a, slot) => (a !== undefined && !isFloat(a) ? [slot] : []));
  const by =
    check.by ?? arrays.flatMap((a, slot) => (a !== undefined && isFloat(a) && !constants.includes(slot) ? [slot] : []));
  const outputs = Array.from({ length: check.outputs ?? 1 }, (_, i) => `y${i}`);
  const forward = node(check.op, [names, outputs], {
    ...(check.domain && { domain: check.domain }),
    attributes: check.attributes ?? {},
  });
  const prepare = check.prepare ?? ((model: Model) => model);
  const opsets = { "": check.opset ?? 17, ...check.opsets };
  const base = baseGraph(forward, { arrays, names, constants });
  const feeds = Object.fromEntries(
    arrays.flatMap((a, slot) => (a === undefined || constants.includes(slot) ? [] : [[names[slot]!, a] as const])),
  );

  const lossOn = check.lossOn ?? [0];
  const first = makeModel({ ...base, outputs: outputs.map((o) => ({ name: o })) }, { opsets });
  const shown = await withSession(prepare(first), { host: nodeHost }, (session) => session.run(feeds));
  const withLoss = addLoss(base, {
    outputs: lossOn.map((i) => [outputs[i]!, shown[outputs[i]!]!] as const),
    random,
    type,
  });
  const lossModel = makeModel(withLoss, { opsets });
  const facts = await collectFacts(lossModel, feeds, check, names);

  const { model, gradients } = differentiate(lossModel, {
    from: { loss: undefined },
    to: by.map((slot) => names[slot]!),
    facts,
  });
  const wanted = by.map((slot) => gradients.get(names[slot]!));
  const backward: Model = {
    ...model,
    graph: { ...model.graph, outputs: wanted.flatMap((g) => (g === undefined ? [] : [{ name: g }])) },
  };
  const analytic = await withSession(prepare(backward), { host: nodeHost, optimization: "basic" }, (session) =>
    session.run(feeds),
  );

  const session = await openSession(prepare(lossModel), { optimization: "none" }, nodeHost);
  try {
    for (const [i, slot] of by.entries()) {
      const given = arrays[slot]!;
      const found = wanted[i] === undefined ? undefined : analytic[wanted[i]];
      if (found !== undefined)
        expect(found.dims, `shape of the gradient of input ${slot} of ${check.op}`).toEqual(given.dims);
      const numeric = await differences(given, type, async (moved) => {
        const result = await session.run({ ...feeds, [names[slot]!]: moved });
        return Number(result["loss"]!.data[0]);
      });
      const tolerance = check.tolerance ?? (type === "float64" ? 1e-6 : 2e-2);
      numeric.forEach((expected, at) => {
        const actual = found === undefined ? 0 : Number(found.data[at]);
        const scale = Math.max(1, Math.abs(expected));
        expect(
          Math.abs(actual - expected) / scale,
          `${check.op} input ${slot} element ${at}: ${actual} against ${expected}`,
        ).toBeLessThan(tolerance);
      });
    }
  } finally {
    await session.close();
  }
}

const isFloat = (array: NdArray): boolean => array.type === "float32" || array.type === "float64";

function fill(operand: Operand, type: Float, random: ReturnType<typeof seededRandom>): NdArray {
  if ("data" in operand) {
    return isFloat(operand)
      ? { ...operand, type, data: floats(type, Array.from(operand.data as Float64Array, Number)) }
      : operand;
  }
  const { shape, low, high } = operand;
  const draw = (): number => (low === undefined ? random.normal() : low + random.next() * ((high ?? 1) - low));
  return { type, dims: shape, data: floats(type, Array.from({ length: elementCount(shape) }, draw)) };
}

const floats = (type: Float, numbers: readonly number[]): Float32Array | Float64Array =>
  type === "float64" ? Float64Array.from(numbers) : Float32Array.from(numbers);

interface Base {
  readonly arrays: readonly (NdArray | undefined)[];
  readonly names: readonly string[];
  readonly constants: readonly number[];
}

function baseGraph(forward: Node, { arrays, names, constants }: Base): Graph {
  const inputs: Value[] = [];
  const initializers = [];
  for (const [slot, array] of arrays.entries()) {
    if (array === undefined) continue;
    if (constants.includes(slot)) initializers.push(tensor(names[slot]!, array));
    else inputs.push(value(names[slot]!, array.type, array.dims));
  }
  return makeGraph({ inputs, outputs: [], nodes: [forward], initializers });
}

function addLoss(
  base: Graph,
  {
    outputs,
    random,
    type,
  }: { outputs: readonly (readonly [string, NdArray])[]; random: ReturnType<typeof seededRandom>; type: Float },
): Graph {
  const nodes: Node[] = [...base.nodes];
  const initializers = [...base.initializers];
  const terms = outputs.map(([name, array], i) => {
    const weights = floats(
      type,
      Array.from({ length: array.data.length }, () => 0.5 + random.next()),
    );
    initializers.push(tensor(`weights${i}`, { type, dims: array.dims, data: weights }));
    nodes.push(
      node("Mul", [[name, `weights${i}`], [`weighted${i}`]]),
      node("ReduceSum", [[`weighted${i}`], [`term${i}`]], { attributes: { keepdims: 0 } }),
    );
    return `term${i}`;
  });
  nodes.push(terms.length === 1 ? node("Identity", [terms, ["loss"]]) : node("Add", [terms.slice(0, 2), ["loss"]]));
  return { ...base, nodes, initializers, outputs: [value("loss", type, [])] };
}

/** Types and sizes of every value from a run; the sizes that the check hides become symbols wherever they are the same. */
async function collectFacts(
  model: Model,
  feeds: Readonly<Record<string, NdArray>>,
  ...[check, names]: [GradientCheck, readonly string[]]
): Promise<(value: string) => ValueFacts | undefined> {
  const all = [...new Set(model.graph.nodes.flatMap((n) => n.outputs).filter((o) => o !== ""))];
  const exposed: Model = { ...model, graph: { ...model.graph, outputs: all.map((name) => ({ name })) } };
  const found = await withSession(
    (check.prepare ?? ((m: Model) => m))(exposed),
    { host: nodeHost, optimization: "none" },
    (session) => session.run(feeds),
  );
  const known: Record<string, ValueFacts> = {};
  for (const [name, array] of [...Object.entries(found), ...Object.entries(feeds)])
    known[name] = { type: array.type, dims: array.dims };
  for (const t of model.graph.initializers) known[t.name] = { type: t.type, dims: t.dims };
  const hidden = new Map<number, string>();
  for (const [slot, axes] of Object.entries(check.symbols ?? {})) {
    const dims = known[names[Number(slot)]!]!.dims;
    for (const [axis, symbol] of Object.entries(axes)) hidden.set(dims[Number(axis)] as number, symbol);
  }
  return (value) => {
    const facts = known[value];
    return facts && { type: facts.type, dims: facts.dims.map((d) => hidden.get(d as number) ?? d) };
  };
}

/** Central differences of a scalar function at every element. */
async function differences(at: NdArray, type: Float, loss: (moved: NdArray) => Promise<number>): Promise<number[]> {
  const step = type === "float64" ? 1e-5 : 1e-2;
  const numeric: number[] = [];
  for (let i = 0; i < at.data.length; i++) {
    const moved = async (by: number): Promise<number> => {
      const data = copy(at);
      (data as Float64Array)[i]! += by;
      return loss({ ...at, data });
    };
    numeric.push(((await moved(step)) - (await moved(-step))) / (2 * step));
  }
  return numeric;
}

function copy(array: NdArray): ArrayData {
  const bytes = arrayBytes(array).slice();
  const Kind = (array.type satisfies ElementType) === "float64" ? Float64Array : Float32Array;
  return new Kind(bytes.buffer);
}
