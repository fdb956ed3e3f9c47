import type { ElementType } from "../base/elementType.ts";
import { arrayFromBytes, type NdArray } from "../base/array.ts";
import type { RawSample } from "./dataset.ts";

/** A copy with the bytes of each element reversed. */
export function swapped(bytes: Uint8Array, width: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += width) {
    for (let k = 0; k < width; k++) out[at + k] = bytes[at + width - 1 - k]!;
  }
  return out;
}

/** How the records of an array file are read. */
export interface ArrayLayout {
  readonly type: ElementType;
  /** Shape of one sample. */
  readonly shape: readonly number[];
  /** Bytes of an element. */
  readonly width: number;
  readonly isBigEndian: boolean;
}

/** Which axis of 8-bit samples holds channels: arrays of this kind are images. */
export interface ImageLayout {
  /** [height, width, channels]. */
  readonly shape: readonly [number, number, 1 | 3];
  readonly isChannelsFirst: boolean;
}

/**
 * Whether unsigned bytes of this shape are images: [height, width], or three axes of which one end has 1 or 3
 * channels; the last axis wins.
 */
export function imageLayout({ type, shape }: ArrayLayout): ImageLayout | undefined {
  if (type !== "uint8") return undefined;
  const [a = 0, b = 0, c = 0] = shape;
  if (shape.length === 2) return { shape: [a, b, 1], isChannelsFirst: false };
  if (shape.length !== 3) return undefined;
  if (c === 1 || c === 3) return { shape: [a, b, c], isChannelsFirst: false };
  if (a === 1 || a === 3) return { shape: [b, c, a], isChannelsFirst: true };
  return undefined;
}

/** Turns a record into a sample. */
export function recordDecoder(layout: ArrayLayout): (record: Uint8Array) => RawSample {
  const image = imageLayout(layout);
  if (image !== undefined) {
    const [height, width, channels] = image.shape;
    const isPlanar = image.isChannelsFirst && channels > 1;
    return (record) => ({
      kind: "image",
      width,
      height,
      channels,
      pixels: isPlanar ? interleaved(record, channels) : record,
    });
  }
  return (record) => ({ kind: "array", array: typedArray(record, layout) });
}

/** The elements of little- or big-endian bytes. */
export function typedArray(bytes: Uint8Array, { type, shape, width, isBigEndian }: ArrayLayout): NdArray {
  return arrayFromBytes(type, shape, isBigEndian && width > 1 ? swapped(bytes, width) : bytes);
}

/** Planes (CHW) to pixels (HWC). */
export function interleaved(planes: Uint8Array, channels: number): Uint8Array {
  const area = planes.length / channels;
  const pixels = new Uint8Array(planes.length);
  for (let c = 0; c < channels; c++) {
    for (let i = 0, from = c * area, to = c; i < area; i++, to += channels) pixels[to] = planes[from + i]!;
  }
  return pixels;
}

/** Whole numbers as labels; [n], [n, 1]. Undefined where the values are not whole. */
export function toLabels(array: NdArray): Int32Array | undefined {
  if (!ArrayBuffer.isView(array.data) || array.type === "bfloat16") return undefined;
  const labels = new Int32Array(array.data.length);
  for (let i = 0; i < labels.length; i++) {
    const value = Number(array.data[i]);
    if (!Number.isInteger(value) || Math.abs(value) > 0x7fff_ffff) return undefined;
    labels[i] = value;
  }
  return labels;
}
