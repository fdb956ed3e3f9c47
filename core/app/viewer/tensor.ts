import { arrayFromBytes, elementCount, toFloat32 } from "../../base/array.ts";
import { byteLength, ELEMENT_TYPES, type ElementType } from "../../base/elementType.ts";
import { LatheError } from "../../base/error.ts";
import type { Host } from "../../base/host.ts";
import type { TensorFacts } from "../../contract/modelView.ts";
import { hasNumbers } from "../../graph/describe.ts";
import type { Tensor } from "../../graph/model.ts";
import { readElements } from "../../onnx/read.ts";
import { shapeText } from "./opened.ts";

/** Elements that are looked at; of a larger constant as many in stretches spread evenly over it. */
const MOST = 2 ** 24;
const STRETCHES = 64;
const BINS = 40;

/** Whether figures of a type's elements can be given. */
export function isCountable(type: ElementType): boolean {
  return hasNumbers(type) || PACKED.test(type);
}

const PACKED = /^(u?)int([24])$/;

/** Range, mean, zeros and histogram of a constant. @throws unsupported for types that have no plain numbers */
export async function tensorFacts(tensor: Tensor, host: Host): Promise<TensorFacts> {
  const { name, type, dims, data } = tensor;
  if (!isCountable(type) || data.kind === "strings") {
    throw new LatheError("unsupported", `Elements of "${name}" are of type "${type}", which has no plain numbers.`);
  }
  const elements = elementCount(dims);
  const stretches = await readStretches(tensor, elements, host);
  let [minimum, maximum, sum, squares, zeros, nonFinite, counted] = [Infinity, -Infinity, 0, 0, 0, 0, 0];
  for (const values of stretches) {
    counted += values.length;
    for (const v of values) {
      if (!Number.isFinite(v)) {
        nonFinite++;
        continue;
      }
      if (v < minimum) minimum = v;
      if (v > maximum) maximum = v;
      if (v === 0) zeros++;
      sum += v;
      squares += v * v;
    }
  }
  const finite = counted - nonFinite;
  const mean = finite === 0 ? 0 : sum / finite;
  const [low, high] = finite === 0 ? [0, 0] : [minimum, maximum];
  return {
    name,
    type,
    shape: shapeText(dims),
    bits: ELEMENT_TYPES[type].bits,
    bytes: byteLength(type, elements),
    elements,
    counted,
    minimum: low,
    maximum: high,
    mean,
    deviation: finite === 0 ? 0 : Math.sqrt(Math.max(0, squares / finite - mean * mean)),
    zeros,
    nonFinite,
    bins: histogram(stretches, low, high),
  };
}

type Numbers = Float32Array | Float64Array | Int8Array;

async function readStretches(tensor: Tensor, elements: number, host: Host): Promise<Numbers[]> {
  const size = elements <= MOST ? elements : MOST / STRETCHES;
  const count = elements <= MOST ? 1 : STRETCHES;
  const found: Numbers[] = [];
  for (let k = 0; k < count && size > 0; k++) {
    // Packed types start a byte at every eighth element at the latest.
    const from = count === 1 ? 0 : Math.floor(((elements - size) * k) / (count - 1) / 8) * 8;
    const { type, data } = await readElements(tensor, { from, count: size }, host);
    found.push(numbersOf(type, data as Uint8Array, size));
  }
  return found;
}

function numbersOf(type: ElementType, data: Uint8Array, count: number): Numbers {
  const packed = PACKED.exec(type);
  if (packed !== null) return unpack(data, { count, bits: Number(packed[2]), isSigned: packed[1] === "" });
  if ((data as unknown) instanceof Float64Array) return data as unknown as Float64Array;
  return toFloat32({ type, dims: [count], data });
}

interface Packing {
  readonly count: number;
  readonly bits: number;
  readonly isSigned: boolean;
}

/** Elements below eight bits, the first in the low bits of a byte. */
function unpack(bytes: Uint8Array, { count, bits, isSigned }: Packing): Int8Array {
  const perByte = 8 / bits;
  const range = 2 ** bits;
  const values = new Int8Array(count);
  for (let i = 0; i < count; i++) {
    const level = (bytes[Math.floor(i / perByte)]! >> (bits * (i % perByte))) & (range - 1);
    values[i] = isSigned && level >= range / 2 ? level - range : level;
  }
  return values;
}

function histogram(stretches: readonly Numbers[], low: number, high: number): number[] {
  const bins = new Array<number>(BINS).fill(0);
  const scale = high > low ? BINS / (high - low) : 0;
  for (const values of stretches) {
    for (const v of values) {
      if (!Number.isFinite(v)) continue;
      bins[Math.min(BINS - 1, Math.floor((v - low) * scale))]!++;
    }
  }
  return bins;
}

/** Share of elements that are `zero`, in [0, 1]; of a large constant from a sample. */
export async function shareOfZeros(tensor: Tensor, zero: number, host: Host): Promise<number> {
  const stretches = await readStretches(tensor, elementCount(tensor.dims), host);
  let [zeros, counted] = [0, 0];
  for (const values of stretches) {
    counted += values.length;
    for (const v of values) if (v === zero) zeros++;
  }
  return counted === 0 ? 0 : zeros / counted;
}

/** The one number of a small constant; undefined where it holds several. */
export function singleNumber({ type, dims, data }: Tensor): number | undefined {
  const count = elementCount(dims);
  if (data.kind !== "bytes" || !isCountable(type) || count < 1 || count > 65_536) return undefined;
  const values = numbersOf(type, arrayFromBytes(type, [count], data.bytes).data as Uint8Array, count);
  const [first] = values;
  return values.every((v) => v === first) ? first : undefined;
}
