import type { ImagePreprocessing } from "../../contract/preprocessing.ts";

/** One image of a batch as planes of floats, which augmentations change in place. */
export interface Picture {
  /** channels × height × width. */
  planes: Float32Array;
  /** Room for another set of planes; operations may swap the two. */
  spare: Float32Array;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Value of each channel where an image has nothing. */
  readonly black: readonly number[];
}

/** How the values of a prepared batch relate to brightness, per channel. */
export interface Tones {
  /** Prepared values of level 0 and level 255. */
  readonly black: readonly number[];
  readonly white: readonly number[];
}

export function tonesOf({ channels, mean, std, scale }: ImagePreprocessing): Tones {
  const count = channels === "grey" ? 1 : 3;
  const at = (list: readonly number[], c: number, absent: number): number => list[c] ?? list[0] ?? absent;
  const level = (v: number) => Array.from({ length: count }, (_, c) => (v * scale - at(mean, c, 0)) / at(std, c, 1));
  return { black: level(0), white: level(255) };
}

/** Where a sample lies in a batch. */
export interface Place {
  readonly data: Float32Array;
  /** Its first element. */
  readonly offset: number;
  readonly layout: "nchw" | "nhwc";
}

/** A picture to work with; `toUnit` maps black to 0 and white to 1, which colour operations want. */
export function makePicture({ channels, height, width }: ImagePreprocessing, tones: Tones, toUnit: boolean): Picture {
  const count = channels === "grey" ? 1 : 3;
  const size = count * height * width;
  const black = toUnit ? tones.black.map(() => 0) : tones.black;
  return {
    planes: new Float32Array(size),
    spare: new Float32Array(size),
    channels: count,
    height,
    width,
    black,
  };
}

export function loadPicture(picture: Picture, { data, offset, layout }: Place, unit: Tones | undefined): void {
  const { planes, channels, height, width } = picture;
  const area = height * width;
  for (let c = 0; c < channels; c++) {
    const low = unit?.black[c] ?? 0;
    const range = unit === undefined ? 1 : unit.white[c]! - low;
    const start = offset + (layout === "nchw" ? c * area : c);
    const step = layout === "nchw" ? 1 : channels;
    for (let i = 0; i < area; i++) {
      const x = data[start + i * step]!;
      planes[c * area + i] = unit === undefined ? x : (x - low) / range;
    }
  }
}

export function storePicture(picture: Picture, { data, offset, layout }: Place, unit: Tones | undefined): void {
  const { planes, channels, height, width } = picture;
  const area = height * width;
  for (let c = 0; c < channels; c++) {
    const low = unit?.black[c] ?? 0;
    const range = unit === undefined ? 1 : unit.white[c]! - low;
    const start = offset + (layout === "nchw" ? c * area : c);
    const step = layout === "nchw" ? 1 : channels;
    for (let i = 0; i < area; i++) {
      const x = planes[c * area + i]!;
      data[start + i * step] = unit === undefined ? x : x * range + low;
    }
  }
}

/** Makes what was written to the spare planes the picture. */
export function swap(picture: Picture): void {
  const { planes } = picture;
  picture.planes = picture.spare;
  picture.spare = planes;
}
