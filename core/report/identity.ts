import type { Report } from "../contract/report.ts";

/** How one variant looks in every chart and table of a report. */
export interface Identity {
  /** 0–7: a class of the style sheet. */
  readonly colour: number;
  readonly symbol: SymbolName;
  readonly dash: string;
}

export const SYMBOLS = ["circle", "square", "triangle", "diamond", "cross", "star", "down", "hexagon"] as const;
export type SymbolName = (typeof SYMBOLS)[number];

const DASHES = ["", "6 3", "2 3", "8 3 2 3", "4 2", "1 2", "10 4", "6 2 2 2"] as const;

export type Identities = (label: string) => Identity | undefined;

/**
 * Gives every group of bars and points and every series of lines a colour, a symbol and a dash, in the order
 * in which they appear. Bars and points without a group have none and are drawn in the accent colour.
 */
export function identitiesOf(report: Report): Identities {
  const labels = new Set<string>();
  for (const block of report.blocks) {
    if (block.kind === "bars") for (const bar of block.bars) if (bar.group !== undefined) labels.add(bar.group);
    if (block.kind === "scatter")
      for (const point of block.points) if (point.group !== undefined) labels.add(point.group);
    if (block.kind === "lines") for (const series of block.series) labels.add(series.label);
  }
  const known = new Map<string, Identity>();
  for (const label of labels) {
    const n = known.size % SYMBOLS.length;
    known.set(label, { colour: n, symbol: SYMBOLS[n] ?? "circle", dash: DASHES[n] ?? "" });
  }
  return (label) => known.get(label);
}

/** The path of a symbol of about `2 × r` pixels around a point. */
export function symbolPath(symbol: SymbolName, [x, y]: readonly [number, number], r: number): string {
  const at = (dx: number, dy: number): string => `${round(x + dx * r)} ${round(y + dy * r)}`;
  const polygon = (points: readonly (readonly [number, number])[]): string =>
    `M${points.map(([dx, dy]) => at(dx, dy)).join("L")}Z`;
  switch (symbol) {
    case "circle":
      return `M${at(-1, 0)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
    case "square":
      return polygon([
        [-0.9, -0.9],
        [0.9, -0.9],
        [0.9, 0.9],
        [-0.9, 0.9],
      ]);
    case "triangle":
      return polygon([
        [0, -1.15],
        [1.1, 0.85],
        [-1.1, 0.85],
      ]);
    case "down":
      return polygon([
        [0, 1.15],
        [1.1, -0.85],
        [-1.1, -0.85],
      ]);
    case "diamond":
      return polygon([
        [0, -1.25],
        [1.1, 0],
        [0, 1.25],
        [-1.1, 0],
      ]);
    case "cross": {
      const [a, b] = [0.4, 1.1];
      return polygon([
        [-a, -b],
        [a, -b],
        [a, -a],
        [b, -a],
        [b, a],
        [a, a],
        [a, b],
        [-a, b],
        [-a, a],
        [-b, a],
        [-b, -a],
        [-a, -a],
      ]);
    }
    case "star":
      return polygon(around(10, (i) => (i % 2 === 0 ? 1.35 : 0.58)));
    case "hexagon":
      return polygon(around(6, () => 1.1));
  }
}

function around(count: number, radius: (i: number) => number): (readonly [number, number])[] {
  return Array.from({ length: count }, (_, i) => {
    const angle = (2 * Math.PI * i) / count - Math.PI / 2;
    return [Math.cos(angle) * radius(i), Math.sin(angle) * radius(i)] as const;
  });
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
