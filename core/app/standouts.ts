import { TOLERANCE } from "../methods/suggestion.ts";
import type { Compared } from "./compare.ts";

/** Variants to name first. Absent where nothing is smaller, or faster beyond chance, than the baseline. */
export interface Standouts {
  readonly smallest?: Compared | undefined;
  readonly fastest?: Compared | undefined;
}

/** The smallest and the fastest of the variants that lost no more than a point against the baseline. */
export function standoutsWithinTolerance(rows: readonly Compared[]): Standouts {
  return standoutsOf(rows.filter((r) => r.difference !== undefined && r.difference.difference >= -TOLERANCE));
}

/** The smallest and the fastest of all variants, whatever they lost. */
export function standoutsOf(rows: readonly Compared[]): Standouts {
  const others = rows.filter((r) => !r.isBaseline);
  const factor = ({ speedUp }: Compared): number => speedUp?.factor ?? 0;
  return {
    smallest: others.toSorted((a, b) => a.bytes - b.bytes).find((r) => r.sizeRatio < 1),
    fastest: others.toSorted((a, b) => factor(b) - factor(a)).find((r) => (r.speedUp?.low ?? 0) > 1),
  };
}
