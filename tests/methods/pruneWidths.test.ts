import { describe, expect, it } from "vitest";
import {
  allocate,
  allowedWidths,
  choiceOf,
  structureOf,
  type Candidate,
} from "../../core/methods/prune-channels/allocate.ts";
import { allocateByCurves } from "../../core/methods/prune-channels/sensitivity.ts";
import type { ChannelGroup } from "../../core/transform/channels/groups.ts";

/** A group of one layer whose units take some channels each. */
function groupOf(name: string, size: number, perUnit = 1): ChannelGroup {
  const units = Array.from({ length: size }, (_, i) => i);
  const indexes = units.map((u) => Array.from({ length: perUnit }, (_, k) => u * perUnit + k));
  const member = {
    tensor: `${name}.w`,
    axis: 0,
    node: name,
    op: "Conv",
    role: "weight",
    side: "makes",
    indexes,
  } as const;
  return { name, units, members: [member], keptBecause: undefined, shiftedBecause: undefined };
}

const candidate = (name: string, importance: readonly number[], saves = 1): Candidate => ({
  group: groupOf(name, importance.length),
  importance: Float64Array.from(importance),
  saves,
});

/** What is left when every unit costs the same. */
const unitsLeft = (candidates: readonly Candidate[], choice: ReadonlyMap<string, readonly number[]>): number =>
  candidates.reduce((sum, { group }) => sum + group.units.length - (choice.get(group.name)?.length ?? 0), 0);

describe("widths", () => {
  it("are multiples of channels, not of units", () => {
    expect(allowedWidths(groupOf("c", 32), { multiple: 8, minimum: 4 })).toEqual([32, 24, 16, 8]);
    expect(allowedWidths(groupOf("c", 20), { multiple: 8, minimum: 12 })).toEqual([20, 16]);
    expect(allowedWidths(groupOf("c", 6), { multiple: 8, minimum: 4 })).toEqual([6]);
    // Heads of 64 channels, and channels inside three heads.
    expect(allowedWidths(groupOf("heads", 3, 64), { multiple: 8, minimum: 4 })).toEqual([3, 2, 1]);
    expect(allowedWidths(groupOf("inner", 12, 2), { multiple: 8, minimum: 4 })).toEqual([12, 8, 4]);
  });

  it("lose the least important units first", () => {
    expect([...choiceOf([candidate("a", [3, 1, 2, 1])], [2])]).toEqual([["a", [1, 3]]]);
  });

  it.each([
    ["global", [1, 4]],
    ["layer", [2, 2]],
    // Same structure, so they compete.
    ["isomorphic", [1, 4]],
  ] as const)("in the order of the scope %s", async (scope, expected) => {
    const candidates = [candidate("a", [1, 2, 3, 10]), candidate("b", [11, 12, 13, 14])];
    const most = scope === "layer" ? 4 : 5;
    const widths = await allocate(candidates, {
      scope,
      perCost: false,
      rules: { multiple: 1, minimum: 1 },
      meets: (choice) => unitsLeft(candidates, choice) <= most,
    });
    expect(widths).toEqual(expected);
    expect(structureOf(candidates[0]!.group)).toBe(structureOf(candidates[1]!.group));
  });

  it("weigh importance against what removing saves", async () => {
    const candidates = [candidate("cheap", [1, 1, 1, 1], 0.01), candidate("dear", [2, 2, 2, 2], 0.1)];
    const narrowed = async (perCost: boolean): Promise<readonly number[] | undefined> =>
      allocate(candidates, {
        scope: "global",
        perCost,
        rules: { multiple: 2, minimum: 2 },
        meets: (choice) => unitsLeft(candidates, choice) <= 6,
      });
    expect(await narrowed(false)).toEqual([2, 4]);
    expect(await narrowed(true)).toEqual([4, 2]);
  });

  it("give back what the target does not need", async () => {
    // All units are alike, so both groups cross a multiple at once; one of them is enough.
    const candidates = [candidate("a", [1, 1, 1, 1, 1, 1]), candidate("b", [1, 1, 1, 1, 1, 1])];
    const narrowed = (scope: "global" | "layer"): Promise<readonly number[] | undefined> =>
      allocate(candidates, {
        scope,
        perCost: false,
        rules: { multiple: 3, minimum: 1 },
        meets: (choice) => unitsLeft(candidates, choice) <= 9,
      });
    expect(await narrowed("global")).toEqual([3, 6]);
    expect(await narrowed("layer")).toEqual([3, 3]);
  });

  it("are undefined where nothing meets the target", async () => {
    const how = { scope: "global", perCost: false, rules: { multiple: 1, minimum: 1 }, meets: () => false } as const;
    expect(await allocate([candidate("a", [1, 2])], how)).toBeUndefined();
  });

  it("follow the curves of a scan: the least error for what is saved", async () => {
    const candidates = [candidate("a", [1, 1, 1, 1]), candidate("b", [1, 1, 1, 1])];
    const rules = { multiple: 1, minimum: 1 };
    const curve = (
      group: string,
      errors: readonly number[],
    ): Parameters<typeof allocateByCurves>[1]["curves"][number] => ({
      group,
      points: errors.map((error, i) => ({ width: 4 - i, error })),
    });
    const curves = [curve("a", [0, 1, 8, 9]), curve("b", [0, 3, 4, 5])];
    const widths = await allocateByCurves(candidates, {
      curves,
      rules,
      costOf: (w) => w.reduce((sum, x) => sum + x, 0),
      meets: (choice) => unitsLeft(candidates, choice) <= 4,
    });
    // a gives one unit for 1, b three for 5; a's others would cost 7 and 1.
    expect(widths).toEqual([3, 1]);
  });
});
