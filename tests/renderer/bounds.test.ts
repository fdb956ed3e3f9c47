import { describe, expect, it } from "vitest";
import { edgesOf, edgeText, moved, rangeOf, type Edges } from "../../renderer/blocks/plot/bounds.ts";
import { placeAxes, within, type ParallelAxis, type PlacedAxis } from "../../renderer/blocks/plot/parallel.ts";

const EXTENT = [40, 240] as const;

function place(axis: Partial<ParallelAxis> & Pick<ParallelAxis, "values">): PlacedAxis {
  const all: ParallelAxis = { id: "a", title: "A", scale: "linear", ...axis };
  return placeAxes([all], [0, EXTENT[0], 100, EXTENT[1]])[0]!;
}

/** Presses keys on one end, first named, one after the other. */
const press = (placed: PlacedAxis, edges: Edges, [end, ...keys]: readonly ["least" | "most", ...string[]]): Edges =>
  keys.reduce((now, key) => moved(placed, now, { end, key }) ?? now, edges);

describe("an axis of numbers", () => {
  const placed = place({ values: Float64Array.of(0, 10, 50, 100), unit: "ms" });
  const whole = edgesOf(placed, undefined, EXTENT);

  it("has no range until an end is moved, and none again when it is back", () => {
    expect(whole).toEqual({ least: 0, most: 100 });
    expect(rangeOf(placed, whole, EXTENT)).toBeUndefined();
    const one = press(placed, whole, ["least", "ArrowUp"]);
    expect(one).toEqual({ least: 1, most: 100 });
    expect(rangeOf(placed, one, EXTENT)).toEqual([238, 40]);
    expect(press(placed, one, ["least", "Home"])).toEqual(whole);
    expect(press(placed, whole, ["most", "ArrowDown", "PageDown", "End"])).toEqual(whole);
  });

  it("chooses what lies between its ends", () => {
    const chosen = (edges: Edges): number[] => [...within([placed], { a: rangeOf(placed, edges, EXTENT)! })];
    expect(chosen(press(placed, whole, ["least", "PageUp", "PageUp"]))).toEqual([0, 0, 1, 1]);
    expect(chosen(press(placed, whole, ["most", "PageDown"]))).toEqual([1, 1, 1, 0]);
  });

  it("keeps its ends in order, and goes by whole steps from where a drag left them", () => {
    expect(press(placed, { least: 20, most: 25 }, ["least", "PageUp"])).toEqual({ least: 25, most: 25 });
    expect(press(placed, { least: 20, most: 25 }, ["most", "Home"])).toEqual({ least: 20, most: 20 });
    const dragged = edgesOf(placed, [141, 99], EXTENT);
    expect(dragged).toEqual({ least: 49.5, most: 70.5 });
    expect(press(placed, dragged, ["least", "ArrowUp"]).least).toBe(50);
    expect(press(placed, dragged, ["least", "ArrowDown"]).least).toBe(49);
    expect(moved(placed, whole, { end: "most", key: "a" })).toBeUndefined();
  });

  it("says where an end stands, with its unit, also in logarithms", () => {
    expect(edgeText(placed, { least: 50, most: 100 }, "least")).toBe("50.00 ms");
    const log = place({ values: Float64Array.of(1, 100), scale: "log" });
    expect(edgeText(log, { least: 50, most: 100 }, "least")).toBe("10.00");
  });
});

describe("an axis of texts", () => {
  const placed = place({ values: Float64Array.of(0, 1, 2, 1), options: ["gelu", "relu", "silu"] });
  const whole = edgesOf(placed, undefined, EXTENT);

  it("goes text by text and keeps one at least", () => {
    expect([edgeText(placed, whole, "least"), edgeText(placed, whole, "most")]).toEqual(["gelu", "silu"]);
    const upper = press(placed, whole, ["least", "ArrowUp"]);
    expect(edgeText(placed, upper, "least")).toBe("relu");
    expect([...within([placed], { a: rangeOf(placed, upper, EXTENT)! })]).toEqual([0, 1, 1, 1]);
    const last = press(placed, upper, ["least", "End", "ArrowUp"]);
    expect([...within([placed], { a: rangeOf(placed, last, EXTENT)! })]).toEqual([0, 0, 1, 0]);
    expect(edgeText(placed, last, "least")).toBe("silu");
  });
});
