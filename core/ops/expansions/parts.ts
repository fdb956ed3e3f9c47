import type { PlainAttribute } from "../../graph/attributes.ts";
import { axisOf, factsOf, intVector } from "../constants.ts";
import type { GraphWriter, ValueFacts } from "../gradient.ts";

export type Dims = ValueFacts["dims"];
type Attributes = Readonly<Record<string, PlainAttribute>>;

/** The ops that expansions are made of; each notes the shape of what it makes. */
export interface Parts {
  /** An element-wise op, broadcasting its inputs. */
  each(op: string, inputs: readonly string[], attributes?: Attributes): string;
  matMul(a: string, b: string): string;
  /** x·wᵀ + c for matrices; w is stored one row per output. */
  rows(x: string, w: string, c?: string): string;
  /** Sizes of the result; each symbol is taken from the same axis of the input, or found by the op if it is the only one. */
  reshape(value: string, dims: Dims): string;
  transpose(value: string, perm: readonly number[]): string;
  /** Equal pieces along an axis. */
  pieces(value: string, axis: number, count: number): readonly string[];
  /** Pieces of these sizes along an axis. */
  sized(value: string, axis: number, sizes: readonly number[]): readonly string[];
  concat(values: readonly string[], axis: number): string;
  unsqueeze(value: string, axis: number): string;
  squeeze(value: string, axis: number): string;
  dims(value: string): Dims;
}

export function partsOf(write: GraphWriter): Parts {
  const dimsOf = (value: string): Dims => factsOf(write, value).dims;
  const made = (value: string, like: string, dims: Dims): string =>
    write.note(value, { type: factsOf(write, like).type, dims });
  const split = (
    value: string,
    axis: number,
    { sizes, explicit }: { readonly sizes: Dims; readonly explicit?: string },
  ): readonly string[] => {
    if (sizes.length === 1) return [value];
    const dims = dimsOf(value);
    const names = write.ops("Split", explicit === undefined ? [value] : [value, explicit], {
      outputs: sizes.length,
      attributes: { axis, ...(explicit === undefined && write.opset >= 18 && { num_outputs: sizes.length }) },
    });
    return names.map((name, i) => made(name, value, dims.with(axisOf(axis, dims.length), sizes[i]!)));
  };
  return {
    dims: dimsOf,
    each: (op, inputs, attributes) =>
      made(write.op(op, inputs, attributes), inputs[0]!, inputs.map(dimsOf).reduce(broadcast)),
    matMul: (a, b) => {
      const [left, right] = [dimsOf(a), dimsOf(b)];
      const outer = broadcast(left.slice(0, -2), right.slice(0, -2));
      return made(write.op("MatMul", [a, b]), a, [...outer, left.at(-2)!, right.at(-1)!]);
    },
    rows: (x, w, c) =>
      made(write.op("Gemm", c === undefined ? [x, w] : [x, w, c], { transB: 1 }), x, [dimsOf(x)[0]!, dimsOf(w)[0]!]),
    reshape: (value, dims) => {
      const from = dimsOf(value);
      const isOnly = dims.filter((d) => typeof d === "string").length < 2;
      const target = dims.map((d, i) => (typeof d === "number" ? d : isOnly && from[i] !== d ? -1 : 0));
      return made(write.op("Reshape", [value, intVector(write, target)]), value, dims);
    },
    transpose: (value, perm) => {
      const dims = dimsOf(value);
      return made(
        write.op("Transpose", [value], { perm }),
        value,
        perm.map((axis) => dims[axis]!),
      );
    },
    pieces: (value, axis, count) => {
      const dims = dimsOf(value);
      const size = part(dims[axisOf(axis, dims.length)] ?? "?", count);
      return split(value, axis, { sizes: Array<number | string>(count).fill(size) });
    },
    sized: (value, axis, sizes) => split(value, axis, { sizes, explicit: intVector(write, sizes) }),
    concat: (values, axis) => {
      const [first = ""] = values;
      if (values.length === 1) return first;
      const dims = dimsOf(first);
      const at = axisOf(axis, dims.length);
      const total = values.map((v) => dimsOf(v)[at] ?? "?").reduce(sum);
      return made(write.op("Concat", values, { axis }), first, dims.with(at, total));
    },
    unsqueeze: (value, axis) =>
      made(write.op("Unsqueeze", [value, intVector(write, [axis])]), value, dimsOf(value).toSpliced(axis, 0, 1)),
    squeeze: (value, axis) =>
      made(write.op("Squeeze", [value, intVector(write, [axis])]), value, dimsOf(value).toSpliced(axis, 1)),
  };
}

function broadcast(a: Dims, b: Dims): Dims {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const [x, y] = [a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1];
    if (x === y || y === 1) return x;
    if (x === 1) return y;
    return typeof x === "number" ? x : typeof y === "number" ? y : "?";
  });
}

/** n·size, in the notation of shapes that were found by running: "4*batch". */
export function times(count: number, size: number | string): number | string {
  if (typeof size === "number") return count * size;
  if (size === "?" || count === 1) return size;
  const [, factor, symbol = "?"] = /^(\d+)\*(.*)$/.exec(size) ?? [];
  return factor === undefined ? `${count}*${size}` : `${count * Number(factor)}*${symbol}`;
}

function part(size: number | string, count: number): number | string {
  if (typeof size === "number") return size / count;
  const [, factor, symbol = "?"] = /^(\d+)\*(.*)$/.exec(size) ?? [];
  if (factor === undefined || Number(factor) % count !== 0) return "?";
  return Number(factor) === count ? symbol : `${Number(factor) / count}*${symbol}`;
}

function sum(a: number | string, b: number | string): number | string {
  if (typeof a === "number" && typeof b === "number") return a + b;
  const [x, y] = [parts(a), parts(b)];
  return x !== undefined && x.symbol === y?.symbol ? times(x.factor + y.factor, x.symbol) : "?";
}

function parts(size: number | string): { readonly factor: number; readonly symbol: string } | undefined {
  if (typeof size === "number" || size === "?") return undefined;
  const [, factor, symbol] = /^(\d+)\*(.*)$/.exec(size) ?? [];
  return factor === undefined ? { factor: 1, symbol: size } : { factor: Number(factor), symbol: symbol ?? "" };
}
