import { fromBinary } from "@bufbuild/protobuf";
import { elementCount, type NdArray } from "../../core/base/array.ts";
import { elementTypeOf } from "../../core/base/elementType.ts";
import { LatheError } from "../../core/base/error.ts";
import { seededRandom, type Random } from "../../core/base/random.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { differentiate } from "../../core/autodiff/differentiate.ts";
import { expandTraining } from "../../core/autodiff/expand.ts";
import { node, tensor, tensorArray, value } from "../../core/graph/build.ts";
import type { Attribute, Graph, Model, Node, Tensor } from "../../core/graph/model.ts";
import { findShapes } from "../../core/measure/shapes.ts";
import { decodeModel } from "../../core/onnx/decode.ts";
import { ModelProtoSchema } from "../../core/onnx/generated/onnx_pb.ts";
import type { ValueFacts } from "../../core/ops/gradient.ts";
import { opOf } from "../../core/ops/registry.ts";
import { foldIntegers } from "../../core/runtime/foldIntegers.ts";
import { openSession, type Session } from "../../core/runtime/session.ts";
import { inlineBranches } from "../../core/transform/inlineBranches.ts";
import { inlineFunctions } from "../../core/transform/inlineFunctions.ts";
import { upgradeOpset } from "../../core/transform/upgradeOpset.ts";
import type { NodeCase } from "../conformance/archive.ts";
import { CARRIERS, readValue } from "../conformance/values.ts";
import { run, type Arrays } from "./backward.ts";

export interface Swept {
  readonly name: string;
  readonly op: string;
  readonly result: "checked" | "stops" | "unsupported" | "not differentiable" | "not runnable" | "failed";
  readonly note: string;
}

interface Prepared {
  readonly model: Model;
  readonly feeds: Arrays;
}

/** Elements of each input whose partial derivative is compared; one direction through all elements comes on top. */
const SAMPLES = 8;
const RANDOM = /^(Random|Bernoulli|Multinomial)/;
const LOSS = "sweep.loss";
/** Float inputs that say how and not what: sizes, scales, and statistics of other ops. */
const SETTINGS: Readonly<Record<string, readonly number[]>> = {
  Resize: [1, 2],
  Upsample: [1],
  Dropout: [1],
  OneHot: [0, 1],
  Range: [0, 1, 2],
};

/** Compares the gradients of one ONNX backend case with central differences of the runtime at the case's own inputs. */
export async function sweepCase(test: NodeCase): Promise<Swept> {
  let op = "";
  const outcome = (result: Swept["result"], note = ""): Swept => ({ name: test.name, op, result, note });
  let model: Model;
  try {
    model = await decodeModel(test.model);
  } catch (error) {
    return outcome("not runnable", messageOf(error));
  }
  op = model.graph.nodes.length === 1 ? model.graph.nodes[0]!.op : "(several)";
  try {
    const prepared = await prepare(test, model);
    if (typeof prepared === "string") return outcome("not differentiable", prepared);
    if (prepared.model.graph.nodes.every((n) => opOf(n, prepared.model.opsets)?.gradient === "stops"))
      return outcome("stops");
    const missed = await compareSomehow(prepared, test.name);
    return missed === undefined ? outcome("checked") : outcome(missed.result, missed.note);
  } catch (error) {
    if (error instanceof LatheError && error.code === "not-runnable") return outcome("not runnable", messageOf(error));
    if (error instanceof LatheError && error.code === "unsupported") return outcome("unsupported", messageOf(error));
    return outcome("failed", error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The case as a model of float inputs alone at operator set 13 or newer; or why there is nothing to differentiate. */
async function prepare(test: NodeCase, model: Model): Promise<Prepared | string> {
  const proto = fromBinary(ModelProtoSchema, test.model).graph;
  const given = new Set(model.graph.initializers.map((t) => t.name));
  const declared = model.graph.inputs.filter((v) => !given.has(v.name));
  const types = proto?.input.filter((v) => !given.has(v.name ?? "")) ?? [];
  // The binding cannot hand these out and ends the process when asked to.
  for (const output of proto?.output ?? []) {
    const type =
      output.type?.value.case === "tensorType" ? elementTypeOf(output.type.value.value.elemType ?? 0) : undefined;
    if (type === undefined) return "sequences and optionals";
    if (type in CARRIERS) return `elements of type ${type}`;
  }
  const feeds: Record<string, NdArray> = {};
  const constants: Tensor[] = [];
  for (const [slot, bytes] of (test.sets[0]?.inputs ?? []).entries()) {
    const name = declared[slot]?.name ?? "";
    const found = readValue(bytes, types[slot]?.type);
    if (found.kind !== "tensor") return "sequences and optionals";
    const array = { type: found.type, dims: [...found.tensor.dims], data: found.tensor.data } as unknown as NdArray;
    if (found.type !== found.tensor.type) return `elements of type ${found.type}`;
    const isSetting = model.graph.nodes.some((n) => SETTINGS[n.op]?.includes(n.inputs.indexOf(name)) === true);
    if (isFloat(array) && !isSetting && array.data.length > 0) feeds[name] = array;
    else constants.push(tensor(name, array));
  }
  if (Object.keys(feeds).length === 0) return "no float inputs";
  if (model.graph.nodes.some((n) => RANDOM.test(n.op) || (n.op === "Dropout" && n.inputs.length > 2)))
    return "random results";
  const graph: Graph = {
    ...model.graph,
    inputs: declared.filter((v) => v.name in feeds),
    outputs: model.graph.outputs.map(({ name }) => ({ name })),
    values: [],
    initializers: [...model.graph.initializers, ...constants],
  };
  const current = await modernize({ ...model, irVersion: Math.max(model.irVersion, 8), graph }, feeds);
  if (current === undefined) return "an old operator set";
  const inlined = inlineFunctions(current);
  const whole = await foldIntegers({ ...inlined, graph: inlineBranches(inlined.graph) }, nodeHost);
  return { model: whole, feeds };
}

/** At opset 17 where the case is older than 16 and computes the same there; undefined where it cannot be upgraded. */
async function modernize(model: Model, feeds: Arrays): Promise<Model | undefined> {
  const version = model.opsets[""] ?? 1;
  if (version >= 16) return model;
  const expected = await run(model, feeds);
  const attempts: Model[] = [{ ...model, opsets: { ...model.opsets, "": 17 } }];
  const upgraded = upgradeOpset(model);
  if (version < 13 && "model" in upgraded) attempts.unshift(upgraded.model);
  for (const attempt of attempts) {
    const found = await run(attempt, feeds).catch(() => undefined);
    const isSame = Object.entries(expected).every(([name, { data }]) => {
      const other = found?.[name]?.data;
      return other?.length === data.length && Array.from(data as Float32Array).every((x, i) => Object.is(x, other[i]));
    });
    if (isSame) return attempt;
  }
  return version >= 13 ? model : undefined;
}

const isFloat = ({ type }: NdArray): boolean => type === "float32" || type === "float64";

/**
 * Compares in float64 where the runtime can, and in float32 where it cannot or where its float64 kernel computes in
 * float32 inside. Some cases stand on a kink, where the derivative is not unique: beside it, it is.
 */
async function compareSomehow(single: Prepared, seed: string): Promise<Miss | undefined> {
  const double = inDouble(single);
  const canDouble = await run(double.model, double.feeds).then(
    () => true,
    () => false,
  );
  const forms = [...(canDouble ? [double, nudged(double, seed)] : []), single, nudged(single, seed)];
  let missed: Miss | undefined;
  for (const form of forms) {
    const found = await compare(form, seed);
    if (found?.result !== "failed") return found;
    missed ??= found;
  }
  return missed;
}

/** The same case at inputs a little larger, each by another amount. */
function nudged({ model, feeds }: Prepared, seed: string): Prepared {
  const random = seededRandom(2, seed);
  const moved = Object.entries(feeds).map(([name, array]): [string, NdArray] => {
    const data = Float64Array.from(array.data as Float64Array, (x) => x + 0.05 + 0.1 * random.next());
    return [name, { ...array, data: array.type === "float64" ? data : Float32Array.from(data) }];
  });
  return { model, feeds: Object.fromEntries(moved) };
}

interface Miss {
  readonly result: "failed" | "not differentiable" | "stops";
  readonly note: string;
}

async function compare({ model, feeds }: Prepared, seed: string): Promise<Miss | undefined> {
  const type = Object.values(feeds).some((f) => f.type === "float64") ? "float64" : "float32";
  const random = seededRandom(1, seed);
  const lossModel = await withLoss(model, feeds, { type, random });
  if (lossModel === undefined) return { result: "not differentiable", note: "no float outputs" };
  const shapes = await findShapes(lossModel, { host: nodeHost, feeds: () => feeds });
  const facts = (name: string): ValueFacts | undefined => shapes.values.get(name);
  const to = Object.keys(feeds);
  const made = differentiate(lossModel, { from: { [LOSS]: undefined }, to, facts });
  if (made.gradients.size === 0) return { result: "stops", note: "" };
  const outputs = [...new Set(made.gradients.values())].map((name) => ({ name }));
  const backward = expandTraining({ ...made.model, graph: { ...made.model.graph, outputs } }, facts);
  const found = await run(backward, feeds);

  const session = await openSession(lossModel, { optimization: "none" }, nodeHost);
  try {
    for (const name of to) {
      const at = feeds[name]!;
      const key = made.gradients.get(name);
      const gradient = key === undefined ? undefined : found[key];
      if (gradient !== undefined && gradient.dims.join() !== at.dims.join())
        return {
          result: "failed",
          note: `the gradient of ${name} is [${gradient.dims.join()}], not [${at.dims.join()}]`,
        };
      for (const direction of directions(at, random)) {
        const analytic = direction.reduce((sum, d, i) => sum + (d === 0 ? 0 : d * Number(gradient?.data[i] ?? 0)), 0);
        const note = await disagreement(session, { feeds, name, direction, type }, analytic);
        if (note !== undefined) return { result: "failed", note: `${name} as ${type}: ${note}` };
      }
    }
  } finally {
    await session.close();
  }
  return undefined;
}

/** Some unit vectors, and one direction through all elements. */
function directions(at: NdArray, random: Random): readonly Float64Array[] {
  const count = elementCount(at.dims);
  const picks = count <= SAMPLES ? [...at.data.keys()] : Array.from({ length: SAMPLES }, () => random.integer(count));
  const units = picks.map((pick) => new Float64Array(count).fill(1, pick, pick + 1));
  const all = Float64Array.from({ length: count }, () => random.normal() / Math.sqrt(count));
  return [...units, all];
}

interface Move {
  readonly feeds: Arrays;
  readonly name: string;
  readonly direction: Float64Array;
  readonly type: "float32" | "float64";
}

/** Undefined where the analytic derivative meets the central difference for one of several steps: kinks are near some. */
async function disagreement(session: Session, move: Move, analytic: number): Promise<string | undefined> {
  const isDouble = move.type === "float64";
  const tries: number[] = [];
  for (const step of isDouble ? [1e-5, 1e-4, 1e-7] : [1e-2, 3e-2, 2e-3]) {
    const up = await lossAt(session, move, step);
    const down = await lossAt(session, move, -step);
    const numeric = (up - down) / (2 * step);
    // float32 sums carry an error of some 1e-7 of the loss.
    const noise = isDouble ? 0 : (Math.abs(up) * 2e-7) / step;
    const error = Math.abs(analytic - numeric) - noise;
    if (Object.is(analytic, numeric) || error <= (isDouble ? 1e-5 : 1e-2) * Math.max(1, Math.abs(numeric)))
      return undefined;
    tries.push(numeric);
  }
  return `${analytic} against ${tries.join(", ")}`;
}

async function lossAt(session: Session, { feeds, name, direction, type }: Move, step: number): Promise<number> {
  const { dims, data } = feeds[name]!;
  const moved = Array.from(data as Float64Array, (x, i) => x + step * direction[i]!);
  const array: NdArray = { type, dims, data: type === "float64" ? Float64Array.from(moved) : Float32Array.from(moved) };
  const found = await session.run({ ...feeds, [name]: array }, [LOSS]);
  return Number(found[LOSS]!.data[0]);
}

interface LossParts {
  readonly type: "float32" | "float64";
  readonly random: Random;
}

/** loss = Σ over the float outputs of their elements, each weighted with a random number. */
async function withLoss(model: Model, feeds: Arrays, { type, random }: LossParts): Promise<Model | undefined> {
  const shown = await run(model, feeds);
  const nodes: Node[] = [...model.graph.nodes];
  const initializers: Tensor[] = [...model.graph.initializers];
  const terms: string[] = [];
  for (const [name, { type: found, dims, data }] of Object.entries(shown)) {
    if (found !== type || data.length === 0) continue;
    const weights = Array.from({ length: data.length }, () => (random.next() < 0.5 ? -1 : 1) * (0.5 + random.next()));
    const array = { type, dims, data: type === "float64" ? Float64Array.from(weights) : Float32Array.from(weights) };
    initializers.push(tensor(`sweep.of.${name}.weights`, array));
    nodes.push(
      node("Mul", [[name, `sweep.of.${name}.weights`], [`sweep.of.${name}.weighted`]]),
      node("ReduceSum", [[`sweep.of.${name}.weighted`], [`sweep.of.${name}`]], { attributes: { keepdims: 0 } }),
    );
    terms.push(`sweep.of.${name}`);
  }
  if (terms.length === 0) return undefined;
  nodes.push(node(terms.length === 1 ? "Identity" : "Sum", [terms, [LOSS]]));
  return { ...model, graph: { ...model.graph, nodes, initializers, outputs: [value(LOSS, type, [])] } };
}

/** The same model in float64, which not all ops know. */
function inDouble({ model, feeds }: Prepared): Prepared {
  const widen = (array: NdArray): NdArray =>
    array.type === "float32"
      ? { type: "float64", dims: array.dims, data: Float64Array.from(array.data as Float32Array) }
      : array;
  const graph: Graph = {
    ...model.graph,
    inputs: model.graph.inputs.map(({ name }) => value(name, "float64", feeds[name]?.dims)),
    initializers: model.graph.initializers.map((t) =>
      t.type === "float32" ? tensor(t.name, widen(tensorArray(t))) : t,
    ),
    nodes: model.graph.nodes.map((n) => ({
      ...n,
      attributes: Object.fromEntries(
        Object.entries(n.attributes).map(([key, a]): [string, Attribute] => {
          if (a.kind === "tensor" && a.value.type === "float32")
            return [key, { kind: "tensor", value: tensor(a.value.name, widen(tensorArray(a.value))) }];
          return [key, n.op === "Cast" && a.kind === "int" && a.value === 1n ? { kind: "int", value: 11n } : a];
        }),
      ),
    })),
  };
  const wide = Object.entries(feeds).map(([name, array]) => [name, widen(array)] as const);
  return { model: { ...model, graph }, feeds: Object.fromEntries(wide) };
}
