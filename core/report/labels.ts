import { textWidth } from "./chartParts.ts";

export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface LabelWish {
  readonly text: string;
  /** The point that the label names. */
  readonly x: number;
  readonly y: number;
}

export interface PlacedLabel {
  readonly text: string;
  /** Where the text starts, and its baseline. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly anchor: LabelWish;
  /** Far enough away to need a line to its point. */
  readonly leader: boolean;
}

const HEIGHT = 15;

/**
 * Puts each label beside its point where it covers least: labels already placed weigh most, then marks and
 * whiskers, then distance. Greedy from the top; exact enough for the dozen points that get labels.
 */
export function placeLabels(
  wishes: readonly LabelWish[],
  { box, obstacles }: { readonly box: Box; readonly obstacles: readonly Box[] },
): readonly PlacedLabel[] {
  const placed: (PlacedLabel & Box)[] = [];
  for (const wish of wishes.toSorted((a, b) => a.y - b.y)) {
    const width = textWidth(wish.text) + 2;
    let best: (PlacedLabel & Box) | undefined;
    let least = Infinity;
    for (const [dx, dy, far] of offsets(width)) {
      const left = Math.min(Math.max(wish.x + dx, box.left + 2), box.right - width);
      const top = Math.min(Math.max(wish.y + dy, box.top), box.bottom - HEIGHT);
      const candidate: PlacedLabel & Box = {
        text: wish.text,
        x: left,
        y: top + HEIGHT - 4,
        width,
        anchor: wish,
        leader: far > 1,
        left,
        right: left + width,
        top,
        bottom: top + HEIGHT,
      };
      const cost =
        20 * placed.reduce((sum, p) => sum + overlap(candidate, p), 0) +
        4 * obstacles.reduce((sum, o) => sum + overlap(candidate, o), 0) +
        far * 12 +
        0.2 * (Math.abs(left - wish.x - dx) + Math.abs(top - wish.y - dy));
      if (cost < least) [best, least] = [candidate, cost];
    }
    if (best !== undefined) placed.push(best);
  }
  return placed;
}

/** Offsets of the text's top left corner from the point, nearest first, with how far out they are. */
function offsets(width: number): (readonly [number, number, number])[] {
  const out: (readonly [number, number, number])[] = [];
  for (const far of [0, 1, 2, 3, 4, 5, 6, 8, 10]) {
    const gap = 10 + far * 14;
    out.push([gap, -HEIGHT / 2, far], [gap, -HEIGHT - 8, far], [gap, 8, far]);
    out.push(
      [-gap - width, -HEIGHT / 2, far + 0.1],
      [-gap - width, -HEIGHT - 8, far + 0.1],
      [-gap - width, 8, far + 0.1],
    );
    out.push([-width / 2, -gap - HEIGHT, far + 0.2], [-width / 2, gap, far + 0.2]);
  }
  return out;
}

function overlap(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return width > 0 && height > 0 ? width * height : 0;
}
