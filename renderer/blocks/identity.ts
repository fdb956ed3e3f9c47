/** How one variant looks, on every chart and in every table: colour, symbol and dash, never colour alone. */
export interface Identity {
  readonly colour: string;
  readonly symbol: (x: number, y: number) => string;
  readonly dash: string;
}

export type Identities = (label: string) => Identity;

const R = 5;
const polygon =
  (points: readonly (readonly [number, number])[]): Identity["symbol"] =>
  (x, y) =>
    `M${points.map(([dx, dy]) => `${(x + dx * R).toFixed(1)} ${(y + dy * R).toFixed(1)}`).join("L")}Z`;

const around = (count: number, radius: (i: number) => number): (readonly [number, number])[] =>
  Array.from({ length: count }, (_, i) => {
    const angle = (2 * Math.PI * i) / count - Math.PI / 2;
    return [Math.cos(angle) * radius(i), Math.sin(angle) * radius(i)] as const;
  });

const SYMBOLS: readonly Identity["symbol"][] = [
  (x, y) => `M${x - R} ${y}a${R} ${R} 0 1 0 ${2 * R} 0a${R} ${R} 0 1 0 ${-2 * R} 0Z`,
  polygon([
    [-0.9, -0.9],
    [0.9, -0.9],
    [0.9, 0.9],
    [-0.9, 0.9],
  ]),
  polygon([
    [0, -1.15],
    [1.1, 0.85],
    [-1.1, 0.85],
  ]),
  polygon([
    [0, -1.25],
    [1.1, 0],
    [0, 1.25],
    [-1.1, 0],
  ]),
  polygon(around(10, (i) => (i % 2 === 0 ? 1.35 : 0.58))),
  polygon([
    [0, 1.15],
    [1.1, -0.85],
    [-1.1, -0.85],
  ]),
  polygon(around(6, () => 1.1)),
  polygon(around(8, (i) => (i % 2 === 0 ? 1.3 : 0.7))),
];

const DASHES = ["", "6 3", "2 3", "8 3 2 3", "4 2", "1 2", "10 4", "6 2 2 2"] as const;

/** Gives each label its look by its place in the list; others follow in the order in which they are asked for. */
export function identify(labels: readonly string[]): Identities {
  const known = new Map<string, Identity>();
  const add = (label: string): Identity => {
    const n = known.size % SYMBOLS.length;
    const made = { colour: `var(--c${n})`, symbol: SYMBOLS[n] ?? SYMBOLS[0]!, dash: DASHES[n] ?? "" };
    known.set(label, made);
    return made;
  };
  for (const label of labels) if (!known.has(label)) add(label);
  return (label) => known.get(label) ?? add(label);
}
