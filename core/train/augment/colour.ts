import { swap, type Picture } from "./picture.ts";

/** All of these expect unit tones: 0 is black, 1 is white. */

const clamp = (x: number): number => (x < 0 ? 0 : x > 1 ? 1 : x);

function each(picture: Picture, change: (x: number, i: number) => number): void {
  const { planes } = picture;
  for (let i = 0; i < planes.length; i++) planes[i] = clamp(change(planes[i]!, i));
}

/** ITU-R 601 luma of each pixel; the channels are in the order RGB or BGR, which green's share hides well enough. */
function greyOf({ planes, channels, height, width }: Picture): (pixel: number) => number {
  const area = height * width;
  if (channels === 1) return (pixel) => planes[pixel]!;
  return (pixel) => 0.299 * planes[pixel]! + 0.587 * planes[area + pixel]! + 0.114 * planes[2 * area + pixel]!;
}

/** x ← f·x */
export const brightness = (picture: Picture, factor: number): void => each(picture, (x) => x * factor);

/** x ← m + f·(x − m) with m the mean grey of the picture. */
export function contrast(picture: Picture, factor: number): void {
  const grey = greyOf(picture);
  const area = picture.height * picture.width;
  let mean = 0;
  for (let i = 0; i < area; i++) mean += grey(i) / area;
  each(picture, (x) => mean + factor * (x - mean));
}

/** x ← g + f·(x − g) with g the grey of the pixel. Nothing to do for one channel. */
export function saturation(picture: Picture, factor: number): void {
  if (picture.channels === 1) return;
  const area = picture.height * picture.width;
  const grey = Float32Array.from({ length: area }, (_, i) => greyOf(picture)(i));
  each(picture, (x, i) => grey[i % area]! + factor * (x - grey[i % area]!));
}

/** Levels from the threshold upwards are inverted. */
export const solarize = (picture: Picture, threshold: number): void =>
  each(picture, (x) => (x >= threshold ? 1 - x : x));

/** Keeps this many of eight bits. */
export function posterize(picture: Picture, bits: number): void {
  const step = 2 ** (8 - bits);
  each(picture, (x) => (Math.floor((x * 255) / step) * step) / 255);
}

/** Stretches each channel to the whole range. */
export function autoContrast(picture: Picture): void {
  perChannel(picture, (plane) => {
    let [low, high] = [1, 0];
    for (const x of plane) {
      if (x < low) low = x;
      if (x > high) high = x;
    }
    const range = high - low;
    return range <= 0 ? undefined : (x) => (x - low) / range;
  });
}

/** Flattens the histogram of each channel over 256 levels. */
export function equalize(picture: Picture): void {
  perChannel(picture, (plane) => {
    const counts = new Int32Array(256);
    for (const x of plane) counts[Math.round(clamp(x) * 255)]!++;
    const used = counts.filter((n) => n > 0);
    const last = used.at(-1) ?? 0;
    const step = Math.floor((plane.length - last) / 255);
    if (used.length < 2 || step === 0) return undefined;
    let sum = Math.floor(step / 2);
    const table = Float32Array.from(counts, (n) => {
      const level = Math.min(255, Math.floor(sum / step)) / 255;
      sum += n;
      return level;
    });
    return (x) => table[Math.round(clamp(x) * 255)]!;
  });
}

function perChannel(picture: Picture, mapOf: (plane: Float32Array) => ((x: number) => number) | undefined): void {
  const area = picture.height * picture.width;
  for (let c = 0; c < picture.channels; c++) {
    const plane = picture.planes.subarray(c * area, (c + 1) * area);
    const map = mapOf(plane);
    if (map !== undefined) for (let i = 0; i < area; i++) plane[i] = map(plane[i]!);
  }
}

/** x ← s + f·(x − s) with s the picture smoothed by [1 1 1; 1 5 1; 1 1 1]/13; the border stays. */
export function sharpness(picture: Picture, factor: number): void {
  const { planes, spare, channels, height, width } = picture;
  spare.set(planes);
  for (let c = 0; c < channels; c++) {
    for (let row = 1; row < height - 1; row++) {
      for (let column = 1; column < width - 1; column++) {
        const at = (c * height + row) * width + column;
        let sum = 4 * planes[at]!;
        for (let dy = -width; dy <= width; dy += width) for (let dx = -1; dx <= 1; dx++) sum += planes[at + dy + dx]!;
        const smooth = sum / 13;
        spare[at] = clamp(smooth + factor * (planes[at]! - smooth));
      }
    }
  }
  swap(picture);
}
