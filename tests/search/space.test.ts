import { describe, expect, it } from "vitest";
import { z } from "zod";
import { seededRandom } from "../../core/base/random.ts";
import { featuresOf } from "../../core/search/features.ts";
import { countPoints, hasPoint, keyOf, samplePoint } from "../../core/search/points.ts";
import { spaceOf, type Point, type Space } from "../../core/search/space.ts";
import { crossPoints, mutatePoint, neighboursOf } from "../../core/search/vary.ts";

const block = z.discriminatedUnion("op", [
  z.strictObject({ op: z.literal("plain"), kernel: z.literal([3, 5]) }),
  z.strictObject({ op: z.literal("inverted"), kernel: z.literal([3, 5, 7]), expansion: z.int().min(1).max(3) }),
]);
const schema = z.strictObject({
  width: z.int().min(8).max(64).multipleOf(8),
  shortcut: z.boolean().default(false),
  stages: z.tuple([z.array(block).min(1).max(2), z.array(block).min(0).max(1)]),
  epochs: z.int().min(1).default(3),
  note: z.string().optional(),
});
const space = spaceOf(z.toJSONSchema(schema, { io: "input" }));

/** Every point of a finite space. */
function all(space: Space): readonly Point[] {
  const points = new Map<string, Point>();
  const random = seededRandom(0, "all");
  for (let i = 0; i < 300_000; i++) {
    const point = samplePoint(space, random);
    points.set(keyOf(point), point);
  }
  return [...points.values()];
}

describe("a space from a schema", () => {
  it("counts its points, lists of every length included", () => {
    // 2 plain and 9 inverted blocks: (11 + 11²) for the first stage, (1 + 11) for the second.
    expect(countPoints(space)).toBe(8 * 2 * (11 + 121) * 12);
    const held = spaceOf(z.toJSONSchema(schema, { io: "input" }), { fixed: { width: 16, shortcut: true } });
    expect(countPoints(held)).toBe((11 + 121) * 12);
    expect(all(held)).toHaveLength(countPoints(held));
  });

  it("draws what the schema allows", () => {
    const random = seededRandom(1, "draw");
    for (let i = 0; i < 200; i++) {
      const point = samplePoint(space, random);
      expect(schema.safeParse(point).success).toBe(true);
      expect(hasPoint(space, point)).toBe(true);
    }
  });

  it("keeps the default of what has no bounds and leaves out what has neither", () => {
    const point = samplePoint(space, seededRandom(2, "draw")) as Record<string, unknown>;
    expect(point["epochs"]).toBe(3);
    expect(Object.keys(point)).not.toContain("note");
  });

  it("is narrowed by what a parameter says of its search", () => {
    const narrowed = spaceOf({
      type: "object",
      properties: {
        rate: { type: "number", minimum: 0, search: { low: 1e-4, high: 1, log: true } },
        width: { type: "number", search: [1, 0.25, 0.5] },
        batch: { type: "integer", minimum: 1, maximum: 9999, search: { low: 32, high: 512, log: true } },
      },
      required: ["rate"],
    });
    expect(narrowed).toMatchObject({
      fields: { rate: { kind: "real", isLog: true }, width: { values: [0.25, 0.5, 1], isOrdered: true } },
    });
    const random = seededRandom(3, "draw");
    const points = Array.from({ length: 2000 }, () => samplePoint(narrowed, random) as Record<string, number>);
    const below = points.filter((p) => p["rate"]! < 1e-2).length / points.length;
    expect(below).toBeGreaterThan(0.45);
    expect(below).toBeLessThan(0.55);
    const small = points.filter((p) => p["batch"]! < 128).length / points.length;
    expect(small).toBeGreaterThan(0.45);
    expect(small).toBeLessThan(0.55);
  });

  it("holds what is fixed", () => {
    const held = spaceOf(z.toJSONSchema(schema, { io: "input" }), { fixed: { width: 16 } });
    const widths = Array.from({ length: 20 }, (_, i) => samplePoint(held, seededRandom(i)) as Record<string, unknown>);
    expect(new Set(widths.map((p) => p["width"]))).toEqual(new Set([16]));
    expect(() => spaceOf(z.toJSONSchema(schema), { fixed: { depth: 1 } })).toThrow(
      'The space has no parameter "depth" to fix.',
    );
  });

  it("names what cannot be searched", () => {
    const endless = z.strictObject({ stages: z.array(z.strictObject({ width: z.number() })).max(2) });
    expect(() => spaceOf(z.toJSONSchema(endless))).toThrow(
      '"stages/items/width" cannot be searched: its type is "number".',
    );
  });
});

describe("changing points", () => {
  const random = seededRandom(4, "vary");

  it("mutates into another point of the space, always", () => {
    for (let i = 0; i < 500; i++) {
      const point = samplePoint(space, random);
      const next = mutatePoint(space, point, { random });
      expect(schema.safeParse(next).success).toBe(true);
      expect(keyOf(next)).not.toBe(keyOf(point));
    }
  });

  it("reaches every point by neighbours", () => {
    const small = spaceOf({
      type: "object",
      properties: {
        a: { enum: ["x", "y", "z"] },
        b: { type: "integer", minimum: 1, maximum: 4 },
        c: { type: "array", items: { enum: [3, 5] }, minItems: 1, maxItems: 3 },
      },
    });
    const start = { a: "x", b: 1, c: [3] };
    const seen = new Map<string, Point>([[keyOf(start), start]]);
    for (const point of seen.values()) for (const n of neighboursOf(small, point)) seen.set(keyOf(n), n);
    expect(seen.size).toBe(countPoints(small));
    expect([...seen.values()].every((p) => hasPoint(small, p))).toBe(true);
    // Two other letters, one number up, one kernel, one item more.
    expect(neighboursOf(small, start)).toHaveLength(5);
  });

  it("crosses into points that take every part from a parent", () => {
    for (let i = 0; i < 300; i++) {
      const [a, b] = [samplePoint(space, random), samplePoint(space, random)] as Record<string, Point>[];
      const child = crossPoints(space, [a!, b!], random) as Record<string, Point>;
      expect(schema.safeParse(child).success).toBe(true);
      expect([a!["width"], b!["width"]]).toContain(child["width"]);
    }
  });

  it("keeps what two forms have in common", () => {
    const either = (space as Extract<Space, { kind: "record" }>).fields["stages"]!;
    const point = [[{ op: "plain", kernel: 5 }], []];
    const kernels = new Set<unknown>();
    for (let i = 0; i < 400; i++) {
      const [[first] = []] = mutatePoint(either, point, { random }) as { op: string; kernel: number }[][];
      if (first?.op === "inverted") kernels.add(first.kernel);
    }
    // With one change at a time the kernel stays when the form changes; rarely both change.
    expect(kernels).toContain(5);
    expect(mutatePoint({ kind: "fixed", value: 1 }, 1, { random })).toBe(1);
  });

  it("has as many features for every point", () => {
    const counts = new Set(Array.from({ length: 100 }, () => featuresOf(space, samplePoint(space, random)).length));
    expect(counts.size).toBe(1);
    const far = featuresOf(space, { width: 64, shortcut: true, stages: [[{ op: "plain", kernel: 3 }], []], epochs: 3 });
    expect(far.slice(0, 3)).toEqual([1, 0, 1]);
    expect(far.every((f) => f >= 0 && f <= 1)).toBe(true);
  });
});
