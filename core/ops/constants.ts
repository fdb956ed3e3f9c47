import type { ArrayData } from "../base/array.ts";
import { ELEMENT_TYPES, type ElementType } from "../base/elementType.ts";
import { LatheError } from "../base/error.ts";
import { tensor, tensorArray } from "../graph/build.ts";
import type { Graph } from "../graph/model.ts";
import { product } from "./declare.ts";
import type { GraphWriter, ValueFacts } from "./gradient.ts";

/**
 * What is known of a value.
 * @throws unsupported where nothing is
 */
export function factsOf(write: GraphWriter, value: string): ValueFacts {
  const facts = write.facts(value);
  if (facts !== undefined) return facts;
  throw new LatheError("unsupported", `The shape of "${value}" is not known.`, {
    hint: "Differentiate with the facts of every value; findShapes collects them.",
  });
}

export const rankOf = (write: GraphWriter, value: string): number => factsOf(write, value).dims.length;

/** An axis counted from the front. */
export const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** A scalar constant in the element type of `like`. */
export function scalar(write: GraphWriter, x: number, like: string): string {
  return scalarOf(write, x, factsOf(write, like).type);
}

/**
 * A scalar constant.
 * @throws unsupported for element types that are not numbers which JavaScript can hold
 */
export function scalarOf(write: GraphWriter, x: number, type: ElementType): string {
  return write.constant({ type, dims: [], data: numberData(x, type) });
}

/** A tensor of one value in the shape that the int64 vector `shape` says. */
export function filled(
  write: GraphWriter,
  shape: string,
  { value, type }: { readonly value: number; readonly type: ElementType },
): string {
  return write.op("ConstantOfShape", [shape], {
    value: tensor("value", { type, dims: [1], data: numberData(value, type) }),
  });
}

/** Zeros in the shape and element type of a value. */
export const zerosLike = (write: GraphWriter, value: string): string =>
  filled(write, shapeOf(write, value), { value: 0, type: factsOf(write, value).type });

/** An int64 vector. */
export function intVector(write: GraphWriter, numbers: readonly number[]): string {
  return write.constant({ type: "int64", dims: [numbers.length], data: BigInt64Array.from(numbers, BigInt) });
}

/** The sizes of a value as an int64 vector: a constant where all are known. */
export function shapeOf(write: GraphWriter, value: string): string {
  const dims = write.facts(value)?.dims;
  return dims !== undefined && isKnown(dims) ? intVector(write, dims) : write.op("Shape", [value]);
}

/** Gives a value the shape of another that has as many elements. */
export function reshapeLike(write: GraphWriter, value: string, like: string): string {
  const dims = write.facts(like)?.dims;
  const isConstant = dims !== undefined && dims.filter((d) => typeof d === "string").length < 2 && !dims.includes(0);
  const shape = isConstant
    ? intVector(
        write,
        dims.map((d) => (typeof d === "string" ? -1 : d)),
      )
    : shapeOf(write, like);
  return write.op("Reshape", [value, shape]);
}

/** How many elements of `many` there are for each of `few`, as a scalar in the element type of `many`. */
export function sizeRatio(write: GraphWriter, many: string, few: string): string {
  const { type, dims } = factsOf(write, many);
  const left = [...dims];
  let below = 1;
  let isClear = true;
  for (const d of factsOf(write, few).dims) {
    if (typeof d === "number") below *= d;
    else if (d !== "?" && left.includes(d)) left.splice(left.indexOf(d), 1);
    else isClear = false;
  }
  if (isClear && isKnown(left) && below > 0) return scalarOf(write, product(left) / below, type);
  const ratio = write.op("Div", [write.op("Size", [many]), write.op("Size", [few])]);
  return castTo(write, ratio, type);
}

/** Cast to an element type. */
export const castTo = (write: GraphWriter, value: string, type: ElementType): string =>
  write.op("Cast", [value], { to: ELEMENT_TYPES[type].code });

/** The numbers of a constant of the graph; undefined where the value is computed, or a default that an input replaces. */
export function constantNumbers(graph: Graph, value: string): readonly number[] | undefined {
  if (graph.inputs.some((input) => input.name === value)) return undefined;
  const found = graph.initializers.find((t) => t.name === value) ?? constantNode(graph, value);
  if (found?.data.kind !== "bytes") return undefined;
  const { data } = tensorArray(found);
  return Array.from(data as BigInt64Array, Number);
}

function constantNode(graph: Graph, value: string): ReturnType<typeof tensor> | undefined {
  const attribute = graph.nodes.find((n) => n.op === "Constant" && n.outputs[0] === value)?.attributes["value"];
  return attribute?.kind === "tensor" ? attribute.value : undefined;
}

function isKnown(dims: readonly (number | string)[]): dims is readonly number[] {
  return dims.every((d) => typeof d === "number");
}

function numberData(x: number, type: ElementType): ArrayData {
  switch (type) {
    case "float32":
      return Float32Array.of(x);
    case "float64":
      return Float64Array.of(x);
    case "float16":
      return Float16Array.of(x);
    case "int64":
      return BigInt64Array.of(BigInt(x));
    case "int32":
      return Int32Array.of(x);
    case "bool":
    case "uint8":
      return Uint8Array.of(x);
    default:
      throw new LatheError("unsupported", `Gradients are not computed in elements of type "${type}".`, {
        hint: "Convert the model to float32 first.",
      });
  }
}
