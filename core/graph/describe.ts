import { arrayFromBytes, elementCount, toFloat32 } from "../base/array.ts";
import { byteLength, type ElementType } from "../base/elementType.ts";
import type { Attribute, Dim, SparseTensor, Tensor, Value, ValueType } from "./model.ts";

const SHOWN_ELEMENTS = 8;
const SHOWN_TEXT = 60;

/** `float32[N,3,32,32]`; unknown dimensions are `?`, an unknown rank is `[…]`. */
export function describeType(type: ValueType | undefined): string {
  switch (type?.kind) {
    case "tensor":
      return type.type + describeDims(type.dims);
    case "sparse-tensor":
      return `sparse ${type.type}${describeDims(type.dims)}`;
    case "sequence":
    case "optional":
      return `${type.kind}(${describeType(type.of)})`;
    case "map":
      return `map(${type.key}, ${describeType(type.of)})`;
    case "opaque":
      return `opaque(${type.domain}.${type.name})`;
    case "none":
    case undefined:
      return "?";
  }
}

/** `[N,3,32,32]` */
export function describeDims(dims: readonly Dim[] | undefined): string {
  return dims === undefined ? "[…]" : `[${dims.map((d) => d.size ?? "?").join(",")}]`;
}

export const describeValue = (value: Value): string => `${value.name}: ${describeType(value.type)}`;

/** Type, shape and the first elements. */
export function describeTensor(tensor: Tensor): string {
  return `${tensor.type}[${tensor.dims.join(",")}] = ${describeContent(tensor)}`;
}

export function describeSparse({ values, dims }: SparseTensor): string {
  return `sparse ${values.type}[${dims.join(",")}] with ${values.dims[0] ?? 0} values`;
}

function describeContent(tensor: Tensor): string {
  const { data } = tensor;
  switch (data.kind) {
    case "external":
      return `${data.length} bytes at ${data.offset} of ${quote(data.location)}`;
    case "strings":
      return shorten(data.values, (v) => quote(decode(v)));
    case "bytes":
      return bracket(tensor, shownElements(tensor, data.bytes));
  }
}

/** Elements as text, or the bytes of types that JavaScript has no numbers for. Only the head of the tensor is touched. */
function shownElements(tensor: Tensor, bytes: Uint8Array): string {
  const { type } = tensor;
  const count = Math.min(elementCount(tensor.dims), SHOWN_ELEMENTS + 1);
  const head = arrayFromBytes(type, [count], bytes.subarray(0, byteLength(type, count)));
  if (type === "bool") return shortList(head.data as Uint8Array, (b) => (b === 0 ? "false" : "true"));
  if (head.data instanceof BigInt64Array || head.data instanceof BigUint64Array) return shortList(head.data, String);
  if (type === "float64") return shortList(head.data as Float64Array, String);
  if (!hasNumbers(type)) return shortList(head.data as Uint8Array, (b) => `0x${b.toString(16).padStart(2, "0")}`);
  return shortList(toFloat32(head), describeNumber);
}

const bracket = (tensor: Tensor, text: string): string => (tensor.dims.length === 0 ? text : `[${text}]`);

function shortList<T>(list: ArrayLike<T>, format: (item: T) => string): string {
  const shown = Array.from({ length: Math.min(list.length, SHOWN_ELEMENTS) }, (_, i) => format(list[i]!));
  return list.length > SHOWN_ELEMENTS ? `${shown.join(", ")}, …` : shown.join(", ");
}

/** Types that `toFloat32` reads. */
export function hasNumbers(type: ElementType): boolean {
  return !/^(undefined|string|complex.*|float8.*|float4.*|u?int[24])$/.test(type);
}

const shorten = <T>(list: readonly T[], format: (item: T) => string): string => `[${shortList(list, format)}]`;

/** The shortest decimal that is the same float32. */
export function describeNumber(value: number): string {
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return String(short);
  }
  return String(value);
}

/** An attribute's value on one line; graphs are only named. */
export function describeAttribute(attribute: Attribute): string {
  switch (attribute.kind) {
    case "float":
      return describeFloat(attribute.value);
    case "int":
      return String(attribute.value);
    case "string":
      return quote(decode(attribute.value));
    case "tensor":
      return describeTensor(attribute.value);
    case "graph":
      return `graph ${quote(attribute.value.name)}`;
    case "sparse-tensor":
      return describeSparse(attribute.value);
    case "type":
      return describeType(attribute.value);
    case "floats":
      return shorten(attribute.value, describeFloat);
    case "ints":
      return shorten(attribute.value, String);
    case "strings":
      return shorten(attribute.value, (v) => quote(decode(v)));
    case "tensors":
      return shorten(attribute.value, describeTensor);
    case "graphs":
      return shorten(attribute.value, (g) => `graph ${quote(g.name)}`);
    case "sparse-tensors":
      return shorten(attribute.value, describeSparse);
    case "types":
      return shorten(attribute.value, describeType);
    case "reference":
      return `@${attribute.name}`;
    case "none":
      return "nothing";
  }
}

/** A whole-valued float keeps its point, so that it is not taken for an int. */
function describeFloat(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : describeNumber(value);
}

/** Text in quotes; long text is cut, unprintable characters are escaped. */
export function quote(text: string): string {
  return JSON.stringify(text.length > SHOWN_TEXT ? `${text.slice(0, SHOWN_TEXT)}…` : text);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, 4 * SHOWN_TEXT + 4));
}
