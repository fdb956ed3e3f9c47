import { LatheError } from "../base/error.ts";
import type { RawImage } from "./dataset.ts";
import { MAX_PIXELS } from "./limits.ts";

interface Header {
  readonly width: number;
  readonly height: number;
  readonly topDown: boolean;
  readonly bits: number;
  /** Byte offset of the first row. */
  readonly start: number;
  /** Bytes of a row, padded to four. */
  readonly stride: number;
  readonly palette: Uint8Array;
  /** Red, green and blue bit masks of 16- and 32-bit pixels. */
  readonly masks: readonly [number, number, number];
}

/**
 * Decodes a Windows bitmap: uncompressed, 1 to 32 bits, palette or bit fields (BITMAPINFOHEADER and later).
 * Alpha is dropped. Throws `invalid-data`, or `unsupported` for run-length and embedded compression.
 */
export function decodeBmp(bytes: Uint8Array): RawImage {
  const header = readHeader(bytes);
  const { width, height, bits, stride } = header;
  const pixels = new Uint8Array(width * height * 3);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let y = 0; y < height; y++) {
    const row = header.start + (header.topDown ? y : height - 1 - y) * stride;
    const out = y * width * 3;
    if (bits <= 8) unpackRow(bytes, header, { row, pixels, out });
    else if (bits === 24) {
      for (let x = 0; x < width; x++) {
        for (let c = 0; c < 3; c++) pixels[out + 3 * x + c] = bytes[row + 3 * x + 2 - c]!;
      }
    } else {
      for (let x = 0; x < width; x++) {
        const pixel = bits === 16 ? view.getUint16(row + 2 * x, true) : view.getUint32(row + 4 * x, true);
        header.masks.forEach((mask, c) => (pixels[out + 3 * x + c] = field(pixel, mask)));
      }
    }
  }
  return { kind: "image", width, height, channels: 3, pixels };
}

function unpackRow(bytes: Uint8Array, header: Header, to: { row: number; pixels: Uint8Array; out: number }): void {
  const { bits, palette } = header;
  const perByte = 8 / bits;
  for (let x = 0; x < header.width; x++) {
    const byte = bytes[to.row + Math.floor(x / perByte)]!;
    const entry = (byte >> (8 - bits * ((x % perByte) + 1))) & ((1 << bits) - 1);
    if (4 * entry >= palette.length) throw bad(`Pixel ${x} has palette entry "${entry}" of ${palette.length / 4}.`);
    for (let c = 0; c < 3; c++) to.pixels[to.out + 3 * x + c] = palette[4 * entry + 2 - c]!;
  }
}

/** The bits of `pixel` under `mask`, scaled to 0–255. */
function field(pixel: number, mask: number): number {
  if (mask === 0) return 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const most = mask >>> shift;
  return Math.round((((pixel & mask) >>> shift) * 255) / most);
}

function readHeader(bytes: Uint8Array): Header {
  if (bytes.length < 54) throw bad(`The bitmap has only "${bytes.length}" bytes.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerSize = view.getUint32(14, true);
  if (headerSize < 40)
    throw new LatheError("unsupported", `A bitmap header of "${headerSize}" bytes (OS/2) is not read.`);
  const width = view.getInt32(18, true);
  const signed = view.getInt32(22, true);
  const height = Math.abs(signed);
  if (width <= 0 || height === 0) throw bad(`The bitmap says that it is "${width}×${signed}" pixels.`);
  if (width * height > MAX_PIXELS) {
    throw new LatheError(
      "limit-exceeded",
      `The bitmap says that it is "${width}×${signed}" pixels, more than ${MAX_PIXELS}.`,
    );
  }
  const bits = view.getUint16(28, true);
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw bad(`The bitmap says that it has "${bits}" bits per pixel.`);
  const compression = view.getUint32(30, true);
  const hasFields = (compression === 3 || compression === 6) && bits >= 16;
  if (compression !== 0 && !hasFields) {
    throw new LatheError("unsupported", `Bitmap compression "${compression}" is not read.`, {
      hint: "Save the image as PNG.",
    });
  }
  const start = view.getUint32(10, true);
  const stride = Math.ceil((width * bits) / 32) * 4;
  if (start + stride * height > bytes.length) {
    throw bad(`The bitmap needs "${start + stride * height}" bytes and has "${bytes.length}".`);
  }
  const tableAt = 14 + headerSize + (headerSize === 40 && hasFields ? (compression === 6 ? 16 : 12) : 0);
  const colours = bits > 8 ? 0 : view.getUint32(46, true) || 1 << bits;
  if (tableAt + 4 * colours > bytes.length) throw bad(`The bitmap says that its palette has "${colours}" entries.`);
  const palette = bytes.subarray(tableAt, tableAt + 4 * colours);
  const plain: Header["masks"] = bits === 16 ? [0x7c00, 0x3e0, 0x1f] : [0xff0000, 0xff00, 0xff];
  if (hasFields && bytes.length < 66) throw bad(`The bitmap has only "${bytes.length}" bytes.`);
  // Bit fields stand at the same place whether they follow the header or are part of a longer one.
  const masks: Header["masks"] = hasFields
    ? [view.getUint32(54, true), view.getUint32(58, true), view.getUint32(62, true)]
    : plain;
  return { width, height, topDown: signed < 0, bits, start, stride, palette, masks };
}

function bad(message: string): LatheError {
  return new LatheError("invalid-data", message);
}
