import { Tensor } from "./ort.ts";
import type { NdArray } from "../base/array.ts";
import { ELEMENT_TYPES, elementTypeOf, type ElementType } from "../base/elementType.ts";
import { LatheError } from "../base/error.ts";

/** The runtime's JavaScript binding knows these and no others (onnxruntime-node 1.30). */
const PASSABLE: ReadonlySet<ElementType> = new Set([
  "float32",
  "uint8",
  "int8",
  "uint16",
  "int16",
  "int32",
  "int64",
  "string",
  "bool",
  "float16",
  "float64",
  "uint32",
  "uint64",
  "uint4",
  "int4",
]);

export function isPassable(type: ElementType): boolean {
  return PASSABLE.has(type);
}

export function typeOf(type: string): ElementType {
  if (type in ELEMENT_TYPES) return type as ElementType;
  throw new LatheError("unsupported", `The runtime has an element type "${type}" that Lathe does not know.`);
}

/** A view of the array as the runtime's tensor; nothing is copied. */
export function toOrt(array: NdArray): Tensor {
  if (!isPassable(array.type)) {
    throw new LatheError("unsupported", `The runtime takes no input of type "${array.type}".`, {
      hint: "Put a Cast in front of it, so that the input is float32.",
    });
  }
  const tensor = new Tensor(array.type as Tensor.Type, array.data as Tensor.DataType, array.dims);
  if (array.data instanceof Float16Array) {
    // The binding (1.30) takes a Float16Array for empty; the same bits as Uint16Array reach it.
    const { buffer, byteOffset, length } = array.data;
    Object.defineProperty(tensor, "data", { value: new Uint16Array(buffer, byteOffset, length) });
  }
  return tensor;
}

/** The runtime's tensor as an array over the same memory. */
export function fromOrt(value: unknown, name: string): NdArray {
  if (!(value instanceof Tensor)) {
    throw new LatheError("unsupported", `The output "${name}" is no tensor; sequences and maps cannot be read.`, {
      hint: "Fetch other outputs.",
    });
  }
  const tensor: Tensor = value;
  return { type: typeOf(tensor.type), dims: tensor.dims, data: tensor.data };
}

/** The element type behind a code of the binding, which are ONNX's own. */
export function typeOfCode(code: number): ElementType {
  const type = elementTypeOf(code);
  if (type !== undefined) return type;
  throw new LatheError("unsupported", `The runtime has an element type with code "${code}" that Lathe does not know.`);
}
