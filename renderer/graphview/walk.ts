import type { LayoutEdge, Layout } from "./layout.ts";

export type Direction = "up" | "down" | "left" | "right";

interface Ground {
  readonly edges: readonly LayoutEdge[];
  readonly layout: Layout;
}

/**
 * Where an arrow leads: down and up along the edges, to the first that stands furthest left; where there is none, and
 * sideways, to the nearest part in that direction.
 */
export function stepFrom(id: string, direction: Direction, { edges, layout }: Ground): string | undefined {
  const here = layout.boxes[id];
  if (here === undefined) return undefined;
  if (direction === "down" || direction === "up") {
    const ends = edges.flatMap(({ from, to }) =>
      direction === "down" ? (from === id ? [to] : []) : to === id ? [from] : [],
    );
    const middle = here.x + here.width / 2;
    const lean = (end: string): number => {
      const box = layout.boxes[end];
      return box === undefined ? Infinity : Math.abs(box.x + box.width / 2 - middle);
    };
    const [nearest] = ends.toSorted((a, b) => lean(a) - lean(b));
    if (nearest !== undefined) return nearest;
  }
  let best: string | undefined;
  let least = Infinity;
  const [hx, hy] = [here.x + here.width / 2, here.y];
  for (const [other, box] of Object.entries(layout.boxes)) {
    if (other === id) continue;
    const [dx, dy] = [box.x + box.width / 2 - hx, box.y - hy];
    const [along, aside] =
      direction === "down" ? [dy, dx] : direction === "up" ? [-dy, dx] : direction === "left" ? [-dx, dy] : [dx, dy];
    const isSideways = direction === "left" || direction === "right";
    if (along <= 0 || (isSideways && Math.abs(aside) > here.height + 40)) continue;
    const distance = along + 2 * Math.abs(aside);
    if (distance < least) {
      least = distance;
      best = other;
    }
  }
  return best;
}
