import { LatheError } from "../base/error.ts";

/** How a search compares with random points of its space. */
export interface Improvement {
  /** (found − mean) / mean: the gain over the average random architecture (Yang, Esperança & Carlucci 2020, arXiv 1912.12522). */
  readonly relative: number;
  readonly mean: number;
  /** Standard deviation of the random points. */
  readonly deviation: number;
  readonly best: number;
  readonly samples: number;
}

/** @throws invalid-argument without random points */
export function improvementOver(found: number, random: readonly number[]): Improvement {
  if (random.length === 0) {
    throw new LatheError("invalid-argument", "There are no random points to compare with.", {
      hint: "Leave the random baseline switched on.",
    });
  }
  const mean = random.reduce((sum, r) => sum + r, 0) / random.length;
  const variance = random.reduce((sum, r) => sum + (r - mean) ** 2, 0) / Math.max(1, random.length - 1);
  return {
    relative: (found - mean) / mean,
    mean,
    deviation: Math.sqrt(variance),
    best: Math.max(...random),
    samples: random.length,
  };
}
