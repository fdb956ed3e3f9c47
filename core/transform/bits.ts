/** Bits of a quantised weight or activation. */
export type Bits = 2 | 3 | 4 | 6 | 8;

export const BITS: readonly Bits[] = [2, 3, 4, 6, 8];

/** Lowest and highest level of something quantised. */
export type Levels = readonly [lowest: number, highest: number];

/** Levels of a weight: the whole two's complement range, but −127…127 in eight bits, where kernels expect that. */
export function weightLevels(bits: Bits): Levels {
  return bits === 8 ? [-127, 127] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
}
