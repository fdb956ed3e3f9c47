import { alignColumns, orderLayers } from "./layers.ts";

/** A part to be laid out. Open ones are as large as what is in them. */
export interface LayoutNode {
  readonly id: string;
  readonly within: string | null;
  readonly width: number;
  readonly height: number;
  readonly isOpen: boolean;
}

export interface LayoutEdge {
  readonly from: string;
  readonly to: string;
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Points of an edge, from the lower side of one part to the upper side of another. */
export type Route = readonly (readonly [number, number])[];

export interface Layout {
  readonly boxes: Readonly<Record<string, Box>>;
  /** In the order of the edges. */
  readonly routes: readonly Route[];
  readonly width: number;
  readonly height: number;
}

/** Room for the title of an open block, and around its parts. */
const HEAD = 34;
const PAD = 14;
const MARGIN = 16;

/**
 * Layers from top to bottom (Sugiyama, Tagawa and Toda 1981): every block by itself, its parts first, so that opening
 * one moves nothing inside another. Edges that go back in the given order are drawn upwards and do not decide on layers.
 */
export function layOut(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[]): Layout {
  const byId = new Map(nodes.map((n) => [n.id, n]));
  const children = new Map<string | null, LayoutNode[]>();
  for (const node of nodes) {
    const list = children.get(node.within);
    if (list === undefined) children.set(node.within, [node]);
    else list.push(node);
  }
  const way = (id: string): (string | null)[] => {
    const found: (string | null)[] = [];
    for (let at: string | null | undefined = id; at !== undefined && at !== null; at = byId.get(at)?.within)
      found.unshift(at);
    return [null, ...found];
  };
  /** The block in which two parts meet, and what stands for them there. */
  const meet = ({ from, to }: LayoutEdge): { block: string | null; from: string; to: string } | undefined => {
    const [a, b] = [way(from), way(to)];
    let depth = 0;
    while (depth + 1 < Math.min(a.length, b.length) && a[depth + 1] === b[depth + 1]) depth++;
    const [start, end] = [a[depth + 1], b[depth + 1]];
    return start == null || end == null ? undefined : { block: a[depth] ?? null, from: start, to: end };
  };
  const meetings = edges.map(meet);
  const levelEdges = new Map<string | null, { from: string; to: string; edge: number }[]>();
  meetings.forEach((m, edge) => {
    if (m === undefined) return;
    const list = levelEdges.get(m.block);
    if (list === undefined) levelEdges.set(m.block, [{ ...m, edge }]);
    else list.push({ ...m, edge });
  });

  const local = new Map<string, Box>();
  const bends = new Map<number, { block: string | null; points: [number, number][] }>();
  const sizes = new Map<string, { readonly width: number; readonly height: number }>();
  const place = (block: string | null): { width: number; height: number } => {
    const own = children.get(block) ?? [];
    for (const node of own) sizes.set(node.id, node.isOpen && children.has(node.id) ? grown(node) : node);
    const level = levelEdges.get(block) ?? [];
    const layered = orderLayers(
      own.map((n) => sizes.get(n.id)!),
      level.map((e) => [own.findIndex((n) => n.id === e.from), own.findIndex((n) => n.id === e.to)] as const),
    );
    const { x, y, width, height } = alignColumns(layered);
    own.forEach((node, i) => {
      const size = sizes.get(node.id)!;
      local.set(node.id, { x: x[i]! - size.width / 2, y: y[i]!, ...size });
    });
    level.forEach(({ edge }, i) => {
      const points = layered.bends[i]!.map((b): [number, number] => [x[b]!, y[b]! + layered.heights[b]! / 2]);
      if (points.length > 0) bends.set(edge, { block, points });
    });
    return { width, height };
  };
  const grown = (node: LayoutNode): { width: number; height: number } => {
    const inner = place(node.id);
    return { width: Math.max(node.width, inner.width + 2 * PAD), height: inner.height + HEAD + PAD };
  };
  const all = place(null);

  const boxes: Record<string, Box> = {};
  const origins = new Map<string | null, readonly [number, number]>([[null, [MARGIN, MARGIN]]]);
  const settle = (block: string | null): void => {
    const [left, top] = origins.get(block)!;
    for (const { id, isOpen } of children.get(block) ?? []) {
      const own = local.get(id)!;
      const box = { x: own.x + left, y: own.y + top, width: own.width, height: own.height };
      boxes[id] = box;
      if (!isOpen || !children.has(id)) continue;
      const inner = children.get(id)!.map((c) => local.get(c.id)!);
      const right = Math.max(...inner.map((b) => b.x + b.width));
      // Centred, where the title is wider than the parts.
      origins.set(id, [box.x + (box.width - right) / 2, box.y + HEAD]);
      settle(id);
    }
  };
  settle(null);
  const routes = edges.map(({ from, to }, i): Route => {
    const [a, b] = [boxes[from], boxes[to]];
    if (a === undefined || b === undefined) return [];
    const own = bends.get(i);
    const [left, top] = origins.get(own?.block ?? null) ?? [0, 0];
    const middle = (own?.points ?? []).map(([x, y]) => [x + left, y + top] as const);
    return [[a.x + a.width / 2, a.y + a.height], ...middle, [b.x + b.width / 2, b.y]];
  });
  return { boxes, routes, width: all.width + 2 * MARGIN, height: all.height + 2 * MARGIN };
}
