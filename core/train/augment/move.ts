import { swap, type Picture } from "./picture.ts";

/** Moves the picture by whole pixels, mirrored or not; what comes in from outside is black. */
export function shift(
  picture: Picture,
  { x, y, mirror }: { readonly x: number; readonly y: number; readonly mirror: boolean },
): void {
  const { planes, spare, channels, height, width, black } = picture;
  for (let c = 0; c < channels; c++) {
    const fill = black[c]!;
    for (let row = 0; row < height; row++) {
      const from = row - y;
      const to = (c * height + row) * width;
      const source = (c * height + from) * width;
      const isInside = from >= 0 && from < height;
      for (let column = 0; column < width; column++) {
        const before = (mirror ? width - 1 - column : column) - (mirror ? -x : x);
        spare[to + column] = isInside && before >= 0 && before < width ? planes[source + before]! : fill;
      }
    }
  }
  swap(picture);
}

/** Rows of the map from new to old coordinates around the centre: old = [a b; c d]·new + [x, y]. */
export interface Affine {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly x: number;
  readonly y: number;
}

export const rotation = (degrees: number): Affine => {
  const angle = (degrees * Math.PI) / 180;
  return { a: Math.cos(angle), b: Math.sin(angle), c: -Math.sin(angle), d: Math.cos(angle), x: 0, y: 0 };
};

/** Resamples the picture along an affine map, bilinearly; outside is black. */
export function warp(picture: Picture, map: Affine): void {
  const { planes, spare, channels, height, width, black } = picture;
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const [u, v] = [column - middleX, row - middleY];
      const fromX = map.a * u + map.b * v + map.x + middleX;
      const fromY = map.c * u + map.d * v + map.y + middleY;
      const [left, top] = [Math.floor(fromX), Math.floor(fromY)];
      const [right, low] = [fromX - left, fromY - top];
      for (let c = 0; c < channels; c++) {
        const fill = black[c]!;
        const at = (x: number, y: number): number =>
          x >= 0 && x < width && y >= 0 && y < height ? planes[(c * height + y) * width + x]! : fill;
        const upper = at(left, top) * (1 - right) + at(left + 1, top) * right;
        const lower = at(left, top + 1) * (1 - right) + at(left + 1, top + 1) * right;
        spare[(c * height + row) * width + column] = upper * (1 - low) + lower * low;
      }
    }
  }
  swap(picture);
}
