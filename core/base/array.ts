import { byteLength, type ElementType } from "./elementType.ts";
import { LatheError } from "./error.ts";

/**
 * Element storage. bool, float8 and packed 4- and 2-bit types are bytes; bfloat16 is its bit pattern in
 * a Uint16Array; complex types are interleaved.
 */
export type ArrayData =
  | Float32Array
  | Float64Array
  | Float16Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | readonly string[];

/** A dense n-dimensional array, row-major. */
export interface NdArray {
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly data: ArrayData;
}

type View = new (buffer: ArrayBufferLike, offset: number, length: number) => Exclude<ArrayData, readonly string[]>;

const VIEWS: Partial<Record<ElementType, View>> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Float16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  bfloat16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  complex64: Float32Array,
  complex128: Float64Array,
};

/** Number of elements; the empty shape is a scalar. */
export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, d) => product * d, 1);
}

/** Views little-endian bytes as typed elements, copying only where alignment forces it. */
export function arrayFromBytes(type: ElementType, dims: readonly number[], bytes: Uint8Array): NdArray {
  const need = byteLength(type, elementCount(dims));
  if (bytes.byteLength !== need) {
    throw new LatheError(
      "invalid-model",
      `A ${type}[${dims.join(",")}] needs ${need} bytes, not "${bytes.byteLength}".`,
    );
  }
  const Kind = VIEWS[type] ?? Uint8Array;
  const width = (Kind as unknown as { BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT;
  // A copy by construction: `slice` of a Node Buffer is a view.
  const aligned = bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes);
  return { type, dims, data: new Kind(aligned.buffer, aligned.byteOffset, aligned.byteLength / width) };
}

/** The little-endian bytes of an array (a view, not a copy). Strings have none. */
export function arrayBytes(array: NdArray): Uint8Array {
  if (!ArrayBuffer.isView(array.data)) throw new LatheError("internal", `A ${array.type} array has no bytes.`);
  return new Uint8Array(array.data.buffer, array.data.byteOffset, array.data.byteLength);
}

/** A float32 array; the usual case. `data` must have exactly as many elements as `dims` says. */
export function float32(dims: readonly number[], data: Float32Array | readonly number[]): NdArray {
  const elements = data instanceof Float32Array ? data : Float32Array.from(data);
  if (elements.length !== elementCount(dims)) {
    throw new LatheError("invalid-argument", `A float32[${dims.join(",")}] cannot hold "${elements.length}" elements.`);
  }
  return { type: "float32", dims, data: elements };
}

/** Numbers of any real type as float32; bfloat16 is expanded, 64-bit integers are rounded. */
export function toFloat32(array: NdArray): Float32Array {
  const { data, type } = array;
  if (data instanceof Float32Array && type === "float32") return data;
  if (type === "bfloat16" && data instanceof Uint16Array) {
    const bits = new Uint32Array(data.length);
    for (let i = 0; i < data.length; i++) bits[i] = data[i]! << 16;
    return new Float32Array(bits.buffer);
  }
  if (!ArrayBuffer.isView(data) || UNREADABLE.has(type)) {
    throw new LatheError("unsupported", `Elements of type "${type}" cannot be read as numbers.`);
  }
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Float32Array.from(data, Number);
  return Float32Array.from(data);
}

const UNREADABLE: ReadonlySet<ElementType> = new Set([
  "complex64",
  "complex128",
  "float8e4m3fn",
  "float8e4m3fnuz",
  "float8e5m2",
  "float8e5m2fnuz",
  "uint4",
  "int4",
  "float4e2m1",
  "float8e8m0",
  "uint2",
  "int2",
]);
