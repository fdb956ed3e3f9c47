/** A seeded stream of pseudo-random numbers. The same seed gives the same stream on every machine. */
export interface Random {
  /** Uniform in [0, 1), 32 random bits. */
  next(): number;
  /** Uniform integer in [0, bound). */
  integer(bound: number): number;
  /** Standard normal (Box–Muller). */
  normal(): number;
  /** Fisher–Yates shuffle into a new array. */
  shuffle<T>(items: readonly T[]): T[];
  /** An independent stream, determined by this seed and the label alone. */
  fork(label: string): Random;
}

/** sfc32 (C. Doty-Humphrey, PractRand), seeded through a 32-bit avalanche of seed and label. */
export function seededRandom(seed: number, label = ""): Random {
  let a = mix(seed >>> 0, 0x9e3779b9);
  let b = mix(Math.floor(seed / 0x1_0000_0000) >>> 0, 0x243f6a88);
  let c = hashText(label);
  let counter = 1;
  const bits = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 16; i++) bits();
  const next = (): number => bits() / 0x1_0000_0000;
  const integer = (bound: number): number => Math.floor(next() * bound);
  return Object.freeze({
    next,
    integer,
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    shuffle: <T>(items: readonly T[]): T[] => {
      const out = items.slice();
      for (let i = out.length - 1; i > 0; i--) {
        const j = integer(i + 1);
        const held = out[i] as T;
        out[i] = out[j] as T;
        out[j] = held;
      }
      return out;
    },
    fork: (next: string) => seededRandom(seed, `${label}/${next}`),
  });
}

function mix(x: number, salt: number): number {
  let h = (x ^ salt) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return mix(h, 0xb7e15162);
}
