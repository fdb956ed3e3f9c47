import { expect, test } from "vitest";
import {
  BLANK,
  filterOf,
  fractionOf,
  isFiltered,
  placeAfter,
  stretches,
} from "../../renderer/features/data/question.ts";

test("a question becomes the engine's filter, without what nobody asked", () => {
  expect(filterOf(BLANK)).toEqual({});
  expect(filterOf({ ...BLANK, split: "test", class: 0, search: " a " })).toEqual({
    split: "test",
    classes: [0],
    search: "a",
  });
  expect(filterOf({ ...BLANK, variant: "v1", outcome: "wrong", from: "90", disagrees: true })).toEqual({
    variant: "v1",
    outcome: "wrong",
    confidence: { low: 0.9, high: 1 },
    disagrees: true,
  });
});

test("what is about predictions waits until a variant is chosen, and choosing one filters nothing", () => {
  expect(filterOf({ ...BLANK, outcome: "wrong", to: "50", disagrees: true })).toEqual({});
  expect(isFiltered({ ...BLANK, variant: "v1" })).toBe(false);
  expect(isFiltered({ ...BLANK, class: 0 })).toBe(true);
});

test("percentages are read as people type them", () => {
  expect(["", "50", "12,5", "0", "101", "-1", "x"].map(fractionOf)).toEqual([
    undefined,
    0.5,
    0.125,
    0,
    undefined,
    undefined,
    undefined,
  ]);
});

test("only the stretches in sight are asked for", () => {
  expect(stretches(0, 47, 24)).toEqual([0, 1]);
  expect(stretches(95, 97, 96)).toEqual([0, 1]);
  expect(stretches(0, -1, 96)).toEqual([0]);
});

test("keys lead through the grid and stop at its ends", () => {
  const grid = { total: 23, columns: 5, rows: 3 };
  const from = (at: number) => (key: string) => placeAfter(key, at, grid);
  expect(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].map(from(7))).toEqual([6, 8, 2, 12]);
  expect(["ArrowLeft", "ArrowUp", "PageUp", "Home"].map(from(0))).toEqual([0, 0, 0, 0]);
  expect(["ArrowRight", "ArrowDown", "PageDown", "End"].map(from(19))).toEqual([20, 19, 22, 22]);
  expect(placeAfter("PageDown", 0, grid)).toBe(10);
  expect(placeAfter("a", 0, grid)).toBeUndefined();
  expect(placeAfter("ArrowDown", 4, { total: 10, columns: 1, rows: 5 })).toBe(5);
});
