import { describe, expect, it } from "vitest";
import type { Compared } from "../../core/app/compare.ts";
import { standoutsOf, standoutsWithinTolerance } from "../../core/app/standouts.ts";

interface Figures {
  readonly bytes: number;
  /** Over the baseline, with half a percent of noise to both sides. */
  readonly speed?: number;
  /** Points of top-1 over the baseline. */
  readonly points?: number;
}

/** What the choice looks at, of a baseline of 1,000 bytes and some variants. */
function rowsOf(variants: Readonly<Record<string, Figures>>): Compared[] {
  const baseline = { variant: { name: "net" }, isBaseline: true, bytes: 1000, sizeRatio: 1 };
  const others = Object.entries(variants).map(([name, { bytes, speed, points }]) => ({
    variant: { name },
    isBaseline: false,
    bytes,
    sizeRatio: bytes / 1000,
    speedUp: speed === undefined ? undefined : { factor: speed, low: speed - 0.005, high: speed + 0.005 },
    difference: points === undefined ? undefined : { difference: points / 100 },
  }));
  return [baseline, ...others] as unknown as Compared[];
}

const namesOf = ({ smallest, fastest }: ReturnType<typeof standoutsOf>): (string | undefined)[] => [
  smallest?.variant.name,
  fastest?.variant.name,
];

describe("what stands out", () => {
  const rows = rowsOf({
    int8: { bytes: 300, speed: 2, points: -0.3 },
    thin: { bytes: 250, speed: 1.5, points: -1 },
    tiny: { bytes: 20, speed: 8, points: -9 },
    unknown: { bytes: 10, speed: 9 },
  });

  it("is the smallest and the fastest that kept the accuracy", () => {
    expect(namesOf(standoutsWithinTolerance(rows))).toEqual(["thin", "int8"]);
  });

  it("may be any, where that does not count", () => {
    expect(namesOf(standoutsOf(rows))).toEqual(["unknown", "unknown"]);
  });

  it("is nothing that is as large and as fast as the baseline, nor the baseline", () => {
    const same = rowsOf({ same: { bytes: 1000, speed: 1.004, points: 0 }, untimed: { bytes: 1200, points: 1 } });
    expect(namesOf(standoutsOf(same))).toEqual([undefined, undefined]);
    expect(namesOf(standoutsWithinTolerance(rowsOf({})))).toEqual([undefined, undefined]);
  });
});
