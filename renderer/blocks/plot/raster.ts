/**
 * Points and lines drawn into an array of pixels. Tens of thousands of marks take a few milliseconds this way, where the
 * canvas' own paths take a hundred without a graphics processor.
 */

/** An opaque picture, four bytes for each pixel in the order of ImageData. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8ClampedArray<ArrayBuffer>;
  /** The same memory by pixel. */
  readonly pixels: Uint32Array;
}

export type Rgb = readonly [number, number, number];

export function createRaster(width: number, height: number): Raster {
  const buffer = new ArrayBuffer(width * height * 4);
  return { width, height, bytes: new Uint8ClampedArray(buffer), pixels: new Uint32Array(buffer) };
}

/** Little-endian, as all machines are that browsers run on. */
const packed = ([r, g, b]: Rgb): number => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;

export function clear({ pixels }: Raster, colour: Rgb): void {
  pixels.fill(packed(colour));
}

/** How much of each pixel around its centre a mark covers, 0 to 255. */
export interface Stamp {
  readonly size: number;
  readonly coverage: Uint8Array;
}

export type Shape = "disc" | "square" | "triangle" | "diamond";
const SHAPES: readonly Shape[] = ["disc", "square", "triangle", "diamond"];

export const shapeOf = (place: number): Shape => SHAPES[place % SHAPES.length]!;

const inside: Readonly<Record<Shape, (x: number, y: number) => boolean>> = {
  disc: (x, y) => x * x + y * y <= 1,
  square: (x, y) => Math.max(Math.abs(x), Math.abs(y)) <= 0.86,
  triangle: (x, y) => y <= 0.8 && y >= -1 + 2 * Math.abs(x) * 0.95,
  diamond: (x, y) => Math.abs(x) + Math.abs(y) <= 1.1,
};

/** A mark of a radius in pixels, its edges smoothed by sixteen samples a pixel; opacity from 0 to 1. */
export function makeStamp(shape: Shape, radius: number, opacity = 1): Stamp {
  const half = Math.ceil(radius * 1.15);
  const size = 2 * half + 1;
  const coverage = new Uint8Array(size * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      let hits = 0;
      for (let k = 0; k < 16; k++) {
        const dx = x - half + ((k % 4) - 1.5) / 4;
        const dy = y - half + (Math.floor(k / 4) - 1.5) / 4;
        if (inside[shape](dx / radius, dy / radius)) hits++;
      }
      coverage[y * size + x] = (hits * 255 * opacity) / 16;
    }
  }
  return { size, coverage };
}

/** Draws a mark at a pixel over what is there. What lies outside is left away. */
export function stampAt(raster: Raster, { size, coverage }: Stamp, at: readonly [number, number, Rgb]): void {
  const { width, height, bytes, pixels } = raster;
  const [cx, cy, colour] = at;
  const half = (size - 1) >> 1;
  const left = Math.round(cx) - half;
  const top = Math.round(cy) - half;
  if (!(left + size > 0 && top + size > 0 && left < width && top < height)) return;
  const whole = packed(colour);
  const [r, g, b] = colour;
  const fromX = Math.max(0, -left);
  const toX = Math.min(size, width - left);
  const toY = Math.min(size, height - top);
  for (let y = Math.max(0, -top); y < toY; y++) {
    const row = (top + y) * width + left;
    for (let x = fromX; x < toX; x++) {
      const alpha = coverage[y * size + x]!;
      if (alpha === 0) continue;
      const pixel = row + x;
      if (alpha === 255) {
        pixels[pixel] = whole;
        continue;
      }
      const byte = pixel * 4;
      const rest = 255 - alpha;
      bytes[byte] = (r * alpha + bytes[byte]! * rest) / 255;
      bytes[byte + 1] = (g * alpha + bytes[byte + 1]! * rest) / 255;
      bytes[byte + 2] = (b * alpha + bytes[byte + 2]! * rest) / 255;
    }
  }
}

/** How many lines run through each pixel. */
export interface Density {
  readonly width: number;
  readonly height: number;
  readonly counts: Uint16Array;
}

export const createDensity = (width: number, height: number): Density => ({
  width,
  height,
  counts: new Uint16Array(width * height),
});

/** Counts a line from left to right, one pixel or one short upright run in each column. */
export function countLine(
  { width, height, counts }: Density,
  [x0, y0]: readonly [number, number],
  [x1, y1]: readonly [number, number],
): void {
  const from = Math.max(0, Math.round(x0));
  const to = Math.min(width - 1, Math.round(x1));
  const slope = (y1 - y0) / (x1 - x0);
  const reach = Math.abs(slope) / 2;
  for (let x = from; x <= to; x++) {
    const y = y0 + (x - x0) * slope;
    if (reach <= 0.75) {
      const row = Math.round(y);
      if (row >= 0 && row < height) counts[row * width + x]!++;
      continue;
    }
    const bottom = Math.min(height - 1, Math.round(y + reach));
    for (let row = Math.max(0, Math.round(y - reach)); row <= bottom; row++) counts[row * width + x]!++;
  }
}

/**
 * Mixes a colour over the picture, the stronger the more lines there are: few show, many do not drown. Beside the colour
 * stands how strongly a single line shows.
 */
export function paintDensity({ bytes }: Raster, { counts }: Density, [colour, least]: readonly [Rgb, number]): void {
  let most = 1;
  for (const count of counts) if (count > most) most = count;
  const strength = new Float32Array(most + 1);
  const top = Math.log(1 + most);
  for (let n = 1; n <= most; n++) strength[n] = most === 1 ? 0.8 : least + (1 - least) * (Math.log(1 + n) / top);
  const [r, g, b] = colour;
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i]!;
    if (count === 0) continue;
    const alpha = strength[count]!;
    const byte = i * 4;
    bytes[byte] = r * alpha + bytes[byte]! * (1 - alpha);
    bytes[byte + 1] = g * alpha + bytes[byte + 1]! * (1 - alpha);
    bytes[byte + 2] = b * alpha + bytes[byte + 2]! * (1 - alpha);
  }
}

/** A colour mixed with another, for what is not chosen. */
export const mixed = (a: Rgb, b: Rgb, share: number): Rgb => [
  Math.round(a[0] * share + b[0] * (1 - share)),
  Math.round(a[1] * share + b[1] * (1 - share)),
  Math.round(a[2] * share + b[2] * (1 - share)),
];
