import { elementCount } from "../base/array.ts";
import { intTensor, node as makeNode, tensor } from "../graph/build.ts";
import type { GraphEdit } from "../graph/edit.ts";
import type { Graph } from "../graph/model.ts";
import { weightLevels, type Bits } from "./bits.ts";

/** Widths below eight bits of which none is a whole share of a byte are stored as two planes: high bits and low bits. */
const PLANES: Readonly<Record<Exclude<Bits, 8>, readonly number[]>> = { 2: [2], 3: [2, 1], 4: [4], 6: [4, 2] };

const ONNX_INT8 = 3;
const ONNX_INT32 = 6;

/** Bytes of so many levels as `writeLevels` stores them, without what all weights share. */
export function packedBytes(count: number, bits: Bits): number {
  if (bits === 8) return count;
  return PLANES[bits].reduce((sum, width) => sum + Math.ceil((count * width) / 8), 0);
}

/** Bytes of the tables that unpack weights of these widths, which a model holds once. */
export function tableBytes(widths: ReadonlySet<Bits>): number {
  let sum = 0;
  for (const bits of widths) {
    if (bits !== 8) for (const { width } of planesOf(bits)) sum += 256 * (8 / width);
  }
  return sum;
}

const TABLE = "u.table";

/** Bytes of the tables that a written model has. */
export function bytesOfTables({ initializers }: Graph): number {
  return initializers.reduce((sum, { name, dims }) => sum + (name.startsWith(TABLE) ? elementCount(dims) : 0), 0);
}

interface Plane {
  /** Bits in it: 1, 2 or 4. */
  readonly width: number;
  /** What its lowest bit counts. */
  readonly unit: number;
  /** What is added to each of its values, so that the sum of the planes is the level. */
  readonly offset: number;
}

function planesOf(bits: Exclude<Bits, 8>): readonly Plane[] {
  const widths = PLANES[bits];
  const [lowest] = weightLevels(bits);
  return widths.map((width, i) => ({
    width,
    unit: 2 ** widths.slice(i + 1).reduce((sum, w) => sum + w, 0),
    offset: i === 0 ? lowest : 0,
  }));
}

/** Levels below eight bits as bytes, the first in the low bits: one array per plane. */
export function packLevels(levels: Int8Array, bits: Exclude<Bits, 8>): readonly Uint8Array[] {
  const [lowest] = weightLevels(bits);
  return planesOf(bits).map(({ width, unit }) => {
    const perByte = 8 / width;
    const packed = new Uint8Array(Math.ceil(levels.length / perByte));
    for (let i = 0; i < levels.length; i++) {
      const value = Math.floor((levels[i]! - lowest) / unit) & (2 ** width - 1);
      const at = Math.floor(i / perByte);
      packed[at] = packed[at]! | (value << ((i % perByte) * width));
    }
    return packed;
  });
}

/**
 * Writes levels of weights into a graph. Those of eight bits are an int8 constant. Narrower ones are packed bytes and
 * the nodes that make an int8 value of them: a table with what each byte holds, looked up, and where there are two
 * planes their sum. The runtime computes such nodes once, when it loads the model, so that an integer kernel meets a
 * plain int8 constant and the file is as small as the bits say.
 */
export class LevelWriter {
  readonly #edit: GraphEdit;
  readonly #shared = new Map<string, string>();

  constructor(edit: GraphEdit) {
    this.#edit = edit;
  }

  /** @returns the name of the int8 value; `name` is what the constant, or the first of them, is called. */
  write(name: string, levels: Int8Array, { dims, bits }: { readonly dims: readonly number[]; readonly bits: Bits }) {
    if (bits === 8) {
      this.#edit.setInitializer(tensor(name, { type: "int8", dims, data: levels }));
      return name;
    }
    const planes = packLevels(levels, bits);
    const parts = planesOf(bits).map((plane, i) => {
      const stored = i === 0 ? name : this.#edit.fresh(`${name}.low`);
      this.#edit.setInitializer(tensor(stored, { type: "uint8", dims: [planes[i]!.length], data: planes[i]! }));
      const index = this.#op("Cast", [stored], { to: ONNX_INT32 });
      return this.#inShape(this.#op("Gather", [this.#table(plane), index]), {
        dims,
        isLonger: planes[i]!.length * (8 / plane.width) > levels.length,
      });
    });
    if (parts.length === 1) return parts[0]!;
    // The runtime adds no int8.
    const wide = parts.map((part) => this.#op("Cast", [part], { to: ONNX_INT32 }));
    return this.#op("Cast", [this.#op("Add", wide)], { to: ONNX_INT8 });
  }

  #op(op: string, inputs: readonly string[], attributes: Readonly<Record<string, number>> = {}): string {
    const made = this.#edit.fresh("u");
    this.#edit.add(makeNode(op, [inputs, [made]], { name: this.#edit.fresh(`unpack_${made}`), attributes }));
    return made;
  }

  /** [bytes, values per byte] as `dims`, without what fills the last byte. */
  #inShape(value: string, { dims, isLonger }: { readonly dims: readonly number[]; readonly isLonger: boolean }) {
    if (!isLonger) return this.#op("Reshape", [value, this.#numbers(dims)]);
    const flat = this.#op("Reshape", [value, this.#numbers([-1])]);
    const cut = this.#op("Slice", [flat, this.#numbers([0]), this.#numbers([elementCount(dims)]), this.#numbers([0])]);
    return this.#op("Reshape", [cut, this.#numbers(dims)]);
  }

  #once(key: string, make: () => string): string {
    const known = this.#shared.get(key) ?? make();
    this.#shared.set(key, known);
    return known;
  }

  #numbers(numbers: readonly number[]): string {
    return this.#once(`numbers ${numbers.join(",")}`, () => {
      const name = this.#edit.fresh("u.shape");
      this.#edit.setInitializer(intTensor(name, [numbers.length], numbers));
      return name;
    });
  }

  /** Row b: the values that byte b holds. */
  #table({ width, unit, offset }: Plane): string {
    return this.#once(`table ${width} ${unit} ${offset}`, () => {
      const perByte = 8 / width;
      const data = Int8Array.from({ length: 256 * perByte }, (_, i) => {
        const byte = Math.floor(i / perByte);
        return ((byte >> ((i % perByte) * width)) & (2 ** width - 1)) * unit + offset;
      });
      const name = this.#edit.fresh(TABLE);
      this.#edit.setInitializer(tensor(name, { type: "int8", dims: [256, perByte], data }));
      return name;
    });
  }
}
