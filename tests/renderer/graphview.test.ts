import { expect, it } from "vitest";
import { crossings, orderLayers } from "../../renderer/graphview/layers.ts";
import { layOut, type LayoutNode } from "../../renderer/graphview/layout.ts";
import { describePart, linesOf } from "../../renderer/graphview/parts.ts";
import { follow, fit, reveal, zoom } from "../../renderer/graphview/viewport.ts";
import { stepFrom } from "../../renderer/graphview/walk.ts";
import { rowsOf, stepInOutline } from "../../renderer/features/model/outlineRows.ts";
import type { ModelPart } from "../../core/contract/modelView.ts";

const size = { width: 100, height: 40 };
const at = (id: string, within: string | null = null, isOpen = false): LayoutNode => ({ id, within, ...size, isOpen });
const edge = (from: string, to: string): { from: string; to: string } => ({ from, to });

it("puts a chain straight below each other", () => {
  const { boxes, routes } = layOut([at("a"), at("b"), at("c")], [edge("a", "b"), edge("b", "c")]);
  expect(boxes["a"]!.x).toBeCloseTo(boxes["b"]!.x);
  expect(boxes["b"]!.x).toBeCloseTo(boxes["c"]!.x);
  expect(boxes["b"]!.y).toBeGreaterThan(boxes["a"]!.y + 40);
  expect(routes[0]).toEqual([
    [boxes["a"]!.x + 50, boxes["a"]!.y + 40],
    [boxes["b"]!.x + 50, boxes["b"]!.y],
  ]);
});

it("leads a shortcut around what it passes, and lets nothing overlap", () => {
  const nodes = ["a", "b", "c", "d"].map((id) => at(id));
  const edges = [edge("a", "b"), edge("b", "c"), edge("c", "d"), edge("a", "d")];
  const { boxes, routes } = layOut(nodes, edges);
  const shortcut = routes[3]!;
  expect(shortcut.length).toBe(4);
  for (const [x, y] of shortcut.slice(1, -1)) {
    for (const { x: left, y: top, width, height } of Object.values(boxes))
      expect(x > left && x < left + width && y > top && y < top + height).toBe(false);
  }
});

it("keeps parts apart and inside their blocks, at any depth", () => {
  const nodes = [
    at("a"),
    at("B", null, true),
    at("b1", "B"),
    at("C", "B", true),
    at("c1", "C"),
    at("c2", "C"),
    at("d"),
  ];
  const edges = [edge("a", "b1"), edge("b1", "c1"), edge("c1", "c2"), edge("c2", "d"), edge("a", "d")];
  const { boxes } = layOut(nodes, edges);
  for (const { id, within } of nodes) {
    const [box, around] = [boxes[id]!, within === null ? undefined : boxes[within]!];
    if (around === undefined) continue;
    expect(box.x).toBeGreaterThanOrEqual(around.x);
    expect(box.y).toBeGreaterThan(around.y);
    expect(box.x + box.width).toBeLessThanOrEqual(around.x + around.width + 1e-6);
    expect(box.y + box.height).toBeLessThanOrEqual(around.y + around.height + 1e-6);
  }
  expect(boxes["d"]!.y).toBeGreaterThan(boxes["B"]!.y + boxes["B"]!.height);
});

it("lays out a circle, which names of scopes may make", () => {
  const { boxes } = layOut([at("a"), at("b")], [edge("a", "b"), edge("b", "a")]);
  expect(boxes["b"]!.y).toBeGreaterThan(boxes["a"]!.y);
});

it("sorts layers so that edges do not cross where they need not", () => {
  const sizes = Array.from({ length: 5 }, () => size);
  const edges = [
    [0, 1],
    [0, 2],
    [1, 4],
    [2, 3],
  ] as const;
  const { layers, below } = orderLayers(sizes, edges);
  expect(crossings(layers, below)).toBe(0);
});

it("gives the same layout for the same graph, and one for none", () => {
  const nodes = Array.from({ length: 40 }, (_, i) => at(`n${i}`));
  const edges = Array.from({ length: 60 }, (_, i) => edge(`n${(i * 7) % 20}`, `n${20 + ((i * 11) % 20)}`));
  expect(layOut(nodes, edges)).toEqual(layOut(nodes, edges));
  expect(layOut([], []).routes).toEqual([]);
});

it("zooms about the point that the pointer is on, and fits the whole", () => {
  const view = zoom({ x: 10, y: 20, scale: 1 }, 2, [110, 120]);
  expect((110 - view.x) / view.scale).toBeCloseTo(100);
  expect((120 - view.y) / view.scale).toBeCloseTo(100);
  const whole = fit({ width: 1000, height: 4000 }, { width: 500, height: 400 });
  expect(4000 * whole.scale).toBeLessThanOrEqual(400);
});

it("brings what has the focus into view, and moves nothing otherwise", () => {
  const view = { x: 0, y: 0, scale: 1 };
  const pane = { width: 300, height: 300 };
  expect(reveal(view, { x: 50, y: 50, ...size }, pane)).toBe(view);
  const moved = reveal(view, { x: 50, y: 900, ...size }, pane);
  expect(900 + moved.y + 40).toBeLessThanOrEqual(300);
});

it("keeps what two panes have in common at the same place", () => {
  const first = layOut([at("a"), at("b"), at("c")], [edge("a", "b"), edge("b", "c")]);
  const second = layOut([at("a"), at("x"), at("b"), at("c")], [edge("a", "x"), edge("x", "b"), edge("b", "c")]);
  const view = { x: 0, y: -first.boxes["b"]!.y, scale: 1 };
  const other = follow(view, [first, second], { width: 200, height: 60 });
  expect(second.boxes["b"]!.y * other.scale + other.y).toBeCloseTo(first.boxes["b"]!.y * view.scale + view.y);
});

it("follows edges by arrows, and goes sideways to neighbours", () => {
  const edges = [edge("a", "b"), edge("a", "c")];
  const layout = layOut([at("a"), at("b"), at("c")], edges);
  const down = stepFrom("a", "down", { edges, layout });
  expect(["b", "c"]).toContain(down);
  expect(stepFrom("b", "up", { edges, layout })).toBe("a");
  const [left, right] = layout.boxes["b"]!.x < layout.boxes["c"]!.x ? ["b", "c"] : ["c", "b"];
  expect(stepFrom(left, "right", { edges, layout })).toBe(right);
  expect(stepFrom(right, "right", { edges, layout })).toBeUndefined();
});

const part = (id: string, rest: Partial<ModelPart> = {}): ModelPart => ({
  id,
  within: null,
  form: "op",
  label: id,
  name: id,
  op: "Conv",
  ops: 1,
  parts: 0,
  isOpen: false,
  figures: {},
  ...rest,
});

it("says what a part is as people say it, with what is seen of it word for word", () => {
  const conv = part("conv1", { input: "1×3×224×224", type: "int8" });
  expect(describePart(conv, linesOf(conv, undefined))).toBe("Conv conv1, in 1×3×224×224, int8");
  expect(describePart(conv, linesOf(conv, "8 bits"))).toBe("Conv conv1, 8 bits, in 1×3×224×224, int8");
  const block = part("l", { form: "scope", op: "Conv ×7", ops: 7, change: { added: 2, removed: 0, changed: 1 } });
  expect(describePart(block, linesOf(block, undefined))).toBe(
    "Block l, Conv ×7, 7 ops, ≠ 3 changed, 2 added, 1 changed",
  );
  const gone = part("r", { change: { added: 0, removed: 1, changed: 0 } });
  expect(describePart(gone, linesOf(gone, undefined))).toBe("Conv r, − removed");
});

it("walks the outline as trees are walked", () => {
  const block = part("B", { form: "scope", parts: 2, ops: 2, isOpen: true });
  const rows = rowsOf([part("a"), block, part("b1", { within: "B" }), part("b2", { within: "B" }), part("c")]);
  expect(rows.map((r) => [r.depth, r.place, r.of])).toEqual([
    [0, 1, 3],
    [0, 2, 3],
    [1, 1, 2],
    [1, 2, 2],
    [0, 3, 3],
  ]);
  expect(stepInOutline("ArrowDown", rows, "B")).toEqual({ select: "b1" });
  expect(stepInOutline("ArrowLeft", rows, "b2")).toEqual({ select: "B" });
  expect(stepInOutline("ArrowLeft", rows, "B")).toEqual({ toggle: "B" });
  expect(stepInOutline("End", rows, "a")).toEqual({ select: "c" });
  expect(stepInOutline("x", rows, "a")).toBeUndefined();
});
