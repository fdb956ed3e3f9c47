import { describe, expect, it } from "vitest";
import { createBrush } from "../../renderer/blocks/plot/brush.ts";
import { placeAxes, shuffled, within } from "../../renderer/blocks/plot/parallel.ts";
import { nearest, neighbour, pointsIn } from "../../renderer/blocks/plot/points.ts";
import {
  clear,
  countLine,
  createDensity,
  createRaster,
  makeStamp,
  paintDensity,
  stampAt,
} from "../../renderer/blocks/plot/raster.ts";
import { fit, panned, project, zoomed } from "../../renderer/blocks/plot/view.ts";
import { csvOf, tsvOf } from "../../renderer/blocks/saveChart.ts";
import { frontOf, shownFigures, sortedPlaces, type Figure } from "../../renderer/features/compare/figures.ts";
import { smooth } from "../../renderer/features/compare/smooth.ts";
import { withRange, withTexts } from "../../renderer/features/trials/search.ts";

const linear = { title: "x", scale: "linear" } as const;
const log = { title: "x", scale: "log" } as const;

describe("a brush", () => {
  it("tells all that listen of each change, and knows what is chosen", () => {
    const brush = createBrush(5, [1, 9]);
    const heard: number[] = [];
    const stop = brush.subscribe(() => heard.push(brush.count()));
    brush.toggle(3);
    brush.set([0, 1, 2]);
    brush.setMask(Uint8Array.of(0, 0, 0, 0, 1));
    expect(brush.chosen()).toEqual([4]);
    brush.clear();
    brush.clear();
    stop();
    brush.toggle(0);
    expect(heard).toEqual([2, 3, 1, 0]);
    expect(brush.has(0)).toBe(true);
  });
});

describe("a view", () => {
  it("fits values with a little room, in logarithms where the axis is logarithmic", () => {
    expect(fit(linear, [1, NaN, 3], 0.1)).toEqual([0.8, 3.2]);
    expect(fit(log, [1, 100, 0, -5], 0.05)).toEqual([-0.1, 2.1]);
    expect(fit(linear, [], 0.1)).toEqual([0, 1]);
    expect(fit(linear, [2], 0.1)).toEqual([1.8, 2.2]);
  });

  it("keeps the point under the pointer when it zooms, and its length when it moves", () => {
    const [low, high] = zoomed([0, 10], 0.5, 0.2);
    expect([low, high]).toEqual([1, 6]);
    expect(low + (high - low) * 0.2).toBe(2);
    expect(panned([0, 10], 0.1)).toEqual([1, 11]);
  });

  it("gives pixels, and none for what a logarithmic axis cannot show", () => {
    const out = project(log, { values: Float64Array.of(1, 10, 0), span: [0, 1], range: [0, 100] }, new Float32Array(3));
    expect([...out]).toEqual([0, 100, NaN]);
  });
});

describe("points", () => {
  const xs = Float32Array.of(10, 50, NaN, 90, 50);
  const ys = Float32Array.of(10, 50, 50, 90, 60);

  it("are found by a click nearby, by a rectangle from any corner, and from left to right", () => {
    expect(nearest(xs, ys, [52, 51, 5])).toBe(1);
    expect(nearest(xs, ys, [70, 70, 5])).toBeUndefined();
    expect([...pointsIn(xs, ys, { from: [60, 70], to: [0, 0] })]).toEqual([1, 1, 0, 0, 1]);
    const before = Uint8Array.of(0, 0, 0, 1, 0);
    expect([...pointsIn(xs, ys, { from: [0, 0], to: [20, 20], before })]).toEqual([1, 0, 0, 1, 0]);
    const walk = [neighbour(xs, undefined, 1)];
    for (let i = 0; i < 4; i++) walk.push(neighbour(xs, walk.at(-1), 1));
    expect(walk).toEqual([0, 1, 4, 3, 3]);
    expect(neighbour(xs, 3, -1)).toBe(4);
  });
});

describe("parallel axes", () => {
  it("choose what runs through all ranges, and nothing without ranges or where a value is missing", () => {
    const axes = placeAxes(
      [
        { ...linear, id: "a", values: Float64Array.of(0, 5, 10) },
        { ...linear, id: "b", values: Float64Array.of(1, NaN, 0), options: ["no", "yes"] },
      ],
      [0, 0, 100, 100],
    );
    const heights = (i: number): number[] => [...(axes[i]?.heights ?? [])].map((h) => Math.round(h));
    expect(heights(0)).toEqual([98, 50, 2]);
    expect(heights(1)).toEqual([25, NaN, 75]);
    expect([...within(axes, {})]).toEqual([0, 0, 0]);
    expect([...within(axes, { a: [100, 40] })]).toEqual([1, 1, 0]);
    expect([...within(axes, { a: [0, 100], b: [0, 50] })]).toEqual([1, 0, 0]);
  });

  it("draws in an order in which every part is a fair sample, each thing once", () => {
    const order = shuffled(1000);
    expect([...order].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    const mean = order.subarray(0, 200).reduce((sum, i) => sum + i, 0) / 200;
    expect(Math.abs(mean - 500)).toBeLessThan(80);
  });
});

describe("a raster", () => {
  it("stamps marks over what is there, and cuts off what lies outside", () => {
    const raster = createRaster(9, 9);
    clear(raster, [255, 255, 255]);
    const stamp = makeStamp("square", 2);
    stampAt(raster, stamp, [4, 4, [255, 0, 0]]);
    stampAt(raster, stamp, [-1, 20, [0, 0, 255]]);
    const at = (x: number, y: number): number[] => [...raster.bytes.subarray(4 * (y * 9 + x), 4 * (y * 9 + x) + 3)];
    expect(at(4, 4)).toEqual([255, 0, 0]);
    expect(at(0, 0)).toEqual([255, 255, 255]);
    expect(at(8, 8)).toEqual([255, 255, 255]);
    const half = makeStamp("disc", 2, 0.5);
    stampAt(raster, half, [4, 4, [0, 0, 255]]);
    expect(at(4, 4)[0]).toBeGreaterThan(120);
    expect(at(4, 4)[2]).toBeGreaterThan(120);
  });

  it("counts a line once in every column, steep ones without gaps", () => {
    const density = createDensity(11, 11);
    countLine(density, [0, 5], [10, 5]);
    expect([...density.counts.subarray(55, 66)]).toEqual(Array(11).fill(1));
    countLine(density, [0, 0], [2, 10]);
    for (let row = 1; row < 10; row++)
      expect(density.counts.subarray(row * 11, row * 11 + 3).some((c) => c > 0)).toBe(true);
    const raster = createRaster(11, 11);
    clear(raster, [0, 0, 0]);
    paintDensity(raster, density, [[255, 255, 255], 0.2]);
    expect(raster.bytes[4 * 60]).toBeGreaterThan(0);
    expect(raster.bytes[4 * 10]).toBe(0);
  });
});

describe("numbers as text", () => {
  it("go to spreadsheets without becoming formulas", () => {
    const numbers = {
      columns: ["Name", "Δ"],
      rows: [
        ["=SUM(A1)", "−0.5"],
        ['a "b", c', "+1"],
      ],
    };
    expect(csvOf(numbers)).toBe(`Name,Δ\r\n'=SUM(A1),-0.5\r\n"a ""b"", c",'+1\r\n`);
    expect(tsvOf({ columns: ["a"], rows: [["1\t2"]] })).toBe("a\n1 2");
  });
});

const figure = (id: string, values: readonly (number | undefined)[], goal?: "least" | "most"): Figure => ({
  column: { id, title: id, kind: goal === undefined ? "setting" : "measured", ...(goal && { goal }) },
  cells: values.map((value) => (value === undefined ? { text: "—" } : { text: String(value), value })),
});

describe("figures", () => {
  it("leave out settings, and what is the same everywhere, on request", () => {
    const all = [figure("size", [1, 2], "least"), figure("same", [3, 3], "least"), figure("seed", [0, 1])];
    const ids = (options: Parameters<typeof shownFigures>[1]): string[] =>
      shownFigures(all, options).map((f) => f.column.id);
    expect(ids({ withSettings: false, onlyDifferences: false })).toEqual(["size", "same"]);
    expect(ids({ withSettings: true, onlyDifferences: true })).toEqual(["size", "seed"]);
  });

  it("are sorted with the baseline first and missing values last", () => {
    const { cells } = figure("size", [5, 1, undefined, 9], "least");
    expect(sortedPlaces(cells, true)).toEqual([0, 3, 1, 2]);
    expect(sortedPlaces(cells, false)).toEqual([0, 1, 3, 2]);
  });

  it("have a front that follows their goals", () => {
    const latency = figure("latency", [2, 1, 3, undefined], "least");
    const accuracy = figure("accuracy", [90, 80, 89, 99], "most");
    expect(frontOf(latency, accuracy)).toEqual([1, 0]);
  });
});

it("smooths without pulling the start to zero, and not at all with weight 0", () => {
  const points: [number, number][] = [
    [1, 4],
    [2, 8],
  ];
  expect(smooth(points, 0)).toEqual(points);
  const [first, second] = smooth(points, 0.5);
  expect(first).toEqual([1, 4]);
  expect(second?.[1]).toBeCloseTo(20 / 3, 10);
});

it("a search without bounds or texts of a column says nothing of it", () => {
  const search = withTexts(withRange({}, "value.a", { least: 1 }), "state", ["done"]);
  expect(search).toEqual({ ranges: { "value.a": { least: 1 } }, texts: { state: ["done"] } });
  expect(withTexts(withRange(search, "value.a", {}), "state", [])).toEqual({});
});
