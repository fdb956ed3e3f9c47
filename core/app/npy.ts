import { arrayBytes, type NdArray } from "../base/array.ts";
import { LatheError } from "../base/error.ts";

const KINDS: Readonly<Record<string, string>> = {
  bool: "|b1",
  uint8: "|u1",
  int8: "|i1",
  uint16: "<u2",
  int16: "<i2",
  uint32: "<u4",
  int32: "<i4",
  uint64: "<u8",
  int64: "<i8",
  float16: "<f2",
  float32: "<f4",
  float64: "<f8",
};

/** An array as an NPY file, version 1.0 (NumPy enhancement proposal 1). @throws unsupported for types NumPy lacks */
export function encodeNpy(array: NdArray): Uint8Array {
  const kind = KINDS[array.type];
  if (kind === undefined) {
    throw new LatheError("unsupported", `NPY has no element type "${array.type}".`, {
      hint: "Export without parity vectors of this type.",
    });
  }
  const shape = array.dims.length === 1 ? `${array.dims.join("")},` : array.dims.join(", ");
  const text = `{'descr': '${kind}', 'fortran_order': False, 'shape': (${shape}), }`;
  // Magic, version and length take 10 bytes; the header ends in a line break at a multiple of 64.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const content = arrayBytes(array);
  const bytes = new Uint8Array(10 + length + content.byteLength);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, length & 255, length >> 8]);
  bytes.set(new TextEncoder().encode(`${text.padEnd(length - 1)}\n`), 10);
  bytes.set(content, 10 + length);
  return bytes;
}
