import type { ElementType } from "../base/elementType.ts";
import { elementCount } from "../base/array.ts";
import { LatheError } from "../base/error.ts";
import { MAX_NPY_HEADER } from "./limits.ts";

export interface NpyHeader {
  readonly type: ElementType;
  /** Bytes of an element. */
  readonly width: number;
  readonly isBigEndian: boolean;
  readonly shape: readonly number[];
  /** Where the elements start. */
  readonly offset: number;
}

const TYPES: Readonly<Record<string, ElementType>> = {
  b1: "bool",
  u1: "uint8",
  i1: "int8",
  u2: "uint16",
  i2: "int16",
  u4: "uint32",
  i4: "int32",
  u8: "uint64",
  i8: "int64",
  f2: "float16",
  f4: "float32",
  f8: "float64",
};

/** Bytes that always hold the whole header of a readable NPY file. */
export const NPY_START = MAX_NPY_HEADER + 12;

/**
 * Reads the header of an NPY file, versions 1 to 3 (NumPy enhancement proposal 1), from its first bytes, and checks
 * that `length`, the size of the whole file, is what the header says. Pickled objects, structures, text and Fortran
 * order are refused.
 */
export function readNpyHeader(start: Uint8Array, length: number, name: string): NpyHeader {
  // Not TextDecoder, whose latin1 is windows-1252.
  const latin = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
  if (latin(start.subarray(0, 6)) !== "\x93NUMPY") {
    throw new LatheError(
      "invalid-data",
      `"${name}" is not an NPY file: it starts with "${hex(start.subarray(0, 6))}".`,
    );
  }
  const version = start[6] ?? 0;
  if (version < 1 || version > 3 || start.length < 12) {
    throw new LatheError("invalid-data", `"${name}" has NPY version "${version}"; versions 1 to 3 are known.`);
  }
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const at = version === 1 ? 10 : 12;
  const size = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (size > MAX_NPY_HEADER) {
    throw new LatheError(
      "limit-exceeded",
      `"${name}" says that its header has "${size}" bytes, more than ${MAX_NPY_HEADER}.`,
    );
  }
  if (at + size > start.length) {
    throw new LatheError("invalid-data", `"${name}" is cut off in its header.`, { hint: "Fetch the file again." });
  }
  const text = latin(start.subarray(at, at + size));
  return { ...parse(text, name, length - at - size), offset: at + size };
}

function parse(text: string, name: string, have: number): Omit<NpyHeader, "offset"> {
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const dims = /'shape'\s*:\s*\(([\d,\sL]*)\)/.exec(text)?.[1];
  if (dims === undefined || order === undefined || (descr === undefined && !/'descr'\s*:\s*\[/.test(text))) {
    throw new LatheError(
      "invalid-data",
      `"${name}" has the header "${text.trim().slice(0, 80)}", which NumPy does not write.`,
    );
  }
  const [, mark = "", code = ""] = /^([<>|=]?)(.*)$/s.exec(descr ?? "a structure") ?? [];
  const type = Object.hasOwn(TYPES, code) ? TYPES[code] : undefined;
  if (type === undefined) {
    throw new LatheError(
      "unsupported",
      `"${name}" holds elements of type "${descr ?? "structure"}"; only plain numbers are read.`,
      {
        hint: "Save a numeric array: numpy.save(path, array, allow_pickle=False).",
      },
    );
  }
  const shape = dims
    .split(",")
    .map((d) => d.trim().replace(/L$/, ""))
    .filter((d) => d !== "")
    .map(Number);
  if (order === "True" && shape.filter((d) => d > 1).length > 1) {
    throw new LatheError("unsupported", `"${name}" is stored in Fortran order.`, {
      hint: "Save numpy.ascontiguousarray(array).",
    });
  }
  const width = Number(code.slice(1));
  const need = elementCount(shape) * width;
  if (need !== have) {
    throw new LatheError(
      "invalid-data",
      `"${name}" says that its shape is [${shape.join(",")}], which takes ${need} bytes, and has "${have}".`,
      {
        hint: "The file is cut off or damaged; save it again.",
      },
    );
  }
  return { type, width, isBigEndian: mark === ">", shape };
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((b) => b.toString(16).padStart(2, "0")).join(" ");
}
