import { expect, test } from "vitest";
import { graph, node } from "../../core/graph/build.ts";
import type { Node } from "../../core/graph/model.ts";
import { isSorted, sortNodes } from "../../core/graph/order.ts";

const relu = (from: string, to: string): Node => node("Relu", [[from], [to]]);
const names = (nodes: readonly Node[]): string => nodes.map((n) => n.name).join(" ");

test("keeps an order that is right, even where others would be", () => {
  const nodes = [relu("x", "a"), relu("a", "b"), relu("b", "c"), relu("x", "d"), relu("d", "e")];
  expect(sortNodes(nodes)).toEqual(nodes);
});

test("moves a maker that stands too late to just before its first use", () => {
  const nodes = [relu("x", "a"), relu("q", "b"), relu("b", "c"), relu("p", "q"), relu("a", "p")];
  expect(isSorted({ nodes })).toBe(false);
  const sorted = sortNodes(nodes);
  expect(names(sorted)).toBe("a p q b c");
  expect(isSorted({ nodes: sorted })).toBe(true);
});

test("counts what a body takes from outside as needed", () => {
  const body = graph({ inputs: [], outputs: [{ name: "t" }], nodes: [relu("late", "t")] });
  const choice = node("If", [["c"], ["y"]], { attributes: { then_branch: { kind: "graph", value: body } } });
  expect(names(sortNodes([choice, relu("x", "late")]))).toBe("late y");
});

test("names a node on the cycle, not one that follows it", () => {
  const nodes = [relu("b", "after"), relu("x", "start"), node("Add", [["start", "b"], ["a"]]), relu("a", "b")];
  expect(() => sortNodes(nodes)).toThrow('The graph has a cycle through Relu "b".');
});

test("sorts a chain of 100,000 nodes that stands backwards", () => {
  const chain = Array.from({ length: 100_000 }, (_, i) => relu(`v${i}`, `v${i + 1}`)).reverse();
  expect(sortNodes(chain)[0]?.name).toBe("v1");
});
