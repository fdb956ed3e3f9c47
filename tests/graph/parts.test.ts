import { expect, it } from "vitest";
import { LatheError } from "../../core/base/error.ts";
import { alignParts } from "../../core/graph/align.ts";
import { floatTensor, graph, model, node, value } from "../../core/graph/build.ts";
import { drawParts, MOST_DRAWN } from "../../core/graph/drawn.ts";
import { matchNodes } from "../../core/graph/match.ts";
import type { Graph, Model, Node } from "../../core/graph/model.ts";
import { findParts, type ModelParts, type Part } from "../../core/graph/parts.ts";
import { longModel } from "./longModel.ts";

const weight = (name: string): ReturnType<typeof floatTensor> => floatTensor(name, [4, 4, 1, 1], new Float32Array(16));

/** Nodes named as given, each reading the one before, or those named after a "<". */
function chain(names: readonly string[], op = "Relu"): Model {
  let at = "x";
  const nodes = names.map((name, i): Node => {
    const made = node(op, [[at], [`v${i}`]], { name });
    at = `v${i}`;
    return made;
  });
  return model(graph({ inputs: [value("x", "float32", [1])], outputs: [value(at, "float32", [1])], nodes }));
}

const labels = (parts: readonly Part[]): string[] => parts.map((p) => p.label);

function everyPart(parts: readonly Part[]): Part[] {
  return parts.flatMap((p) => [p, ...everyPart(p.parts)]);
}

function openAll({ parts }: ModelParts): string[] {
  return everyPart(parts)
    .filter((p) => p.parts.length > 0)
    .map((p) => p.id);
}

it("finds blocks in the scopes of names, with weights in them", () => {
  const names = ["stem", "layer1.0.conv1", "layer1.0.conv2", "layer1.1.conv1", "layer1.1.conv2", "fc"];
  const nodes = names.map((name, i) => node("Conv", [[i === 0 ? "x" : `v${i - 1}`, `w${i}`], [`v${i}`]], { name }));
  const built = model(
    graph({
      inputs: [value("x", "float32", [1, 4, 8, 8])],
      outputs: [value("v5", "float32")],
      initializers: names.map((_, i) => weight(`w${i}`)),
      nodes,
    }),
  );
  const found = findParts(built);
  expect(labels(found.parts)).toEqual(["stem", "layer1", "fc"]);
  expect(labels(found.parts[1]!.parts)).toEqual(["layer1.0", "layer1.1"]);
  expect(labels(found.parts[1]!.parts[0]!.parts)).toEqual(["conv1", "conv2"]);
  expect(found.byId.get("layer1.0.conv1")?.form).toBe("op");
});

it("does not take an activation that is used everywhere for a block", () => {
  const found = findParts(chain(["/a/Relu", "/relu/Relu", "/b/Relu", "/relu/Relu_1"]));
  expect(found.parts.every((p) => p.form === "op")).toBe(true);
});

it("finds residual blocks and their repetition where names tell nothing", () => {
  const found = findParts(longModel(200));
  const forms = new Set(everyPart(found.parts).map((p) => p.form));
  expect(forms).toContain("branches");
  const block = everyPart(found.parts).find((p) => p.form === "branches");
  expect(block?.ops.map((i) => found.flat.ops[i]!.node.op)).toEqual(["Conv", "Relu", "Conv", "Add", "Relu"]);
});

it("keeps every level readable, whatever the model, and loses no op", () => {
  const chainOf = (n: number): Model => chain(Array.from({ length: n }, (_, i) => `n${i}`));
  const flatScope = chain(Array.from({ length: 3000 }, (_, i) => `/all/m${i}/Relu`));
  for (const built of [chainOf(1), chainOf(30), chainOf(5000), longModel(5000), flatScope]) {
    const found = findParts(built);
    const all = everyPart(found.parts);
    expect(Math.max(found.parts.length, ...all.map((p) => p.parts.length))).toBeLessThanOrEqual(60);
    const ops = all.filter((p) => p.form === "op").flatMap((p) => p.ops);
    expect(ops.toSorted((a, b) => a - b)).toEqual(built.graph.nodes.map((_, i) => i));
    expect(new Set(all.map((p) => p.id)).size).toBe(all.length);
    for (const p of all.filter((b) => b.parts.length > 0))
      expect(p.parts.flatMap((c) => c.ops).toSorted((a, b) => a - b)).toEqual(p.ops);
  }
});

it("never draws more than the limit, and closes what was opened first", () => {
  const found = findParts(longModel(5000));
  const all = openAll(found);
  const drawn = drawParts(found, all);
  expect(drawn.parts.length).toBeLessThanOrEqual(MOST_DRAWN);
  const last = all.at(-1)!;
  expect(drawn.open).toContain(last);
  expect(drawParts(found, ["no such block", "v1"]).parts.length).toBe(found.parts.length);
});

it("draws an edge between the blocks that stand for its ends, once, and none inside a closed one", () => {
  const found = findParts(longModel(200));
  const closed = drawParts(found, []);
  for (const { from, to } of closed.edges) {
    if ("part" in from && "part" in to) expect(from.part).not.toBe(to.part);
  }
  const ends = closed.edges.map((e) => JSON.stringify([e.from, e.to].map((x) => ("part" in x ? x.part.id : x))));
  expect(new Set(ends).size).toBe(ends.length);
});

it("shows the bodies of an op as its parts", () => {
  const body = (op: string): Graph =>
    graph({ inputs: [], outputs: [value("r", "float32")], nodes: [node(op, [["x"], ["r"]], { name: `${op}_in` })] });
  const branch = node("If", [["c"], ["y"]], {
    name: "choose",
    attributes: {
      then_branch: { kind: "graph", value: body("Relu") },
      else_branch: { kind: "graph", value: body("Neg") },
    },
  });
  const built = model(
    graph({
      inputs: [value("x", "float32", [1]), value("c", "bool", [])],
      outputs: [value("y", "float32")],
      nodes: [branch],
    }),
  );
  const found = findParts(built);
  expect(labels(found.parts[0]!.parts)).toEqual(["then_branch", "else_branch"]);
  const drawn = drawParts(found, openAll(found));
  expect(drawn.parts.map((p) => p.part.label)).toContain("Relu_in");
  expect(drawn.edges.filter((e) => "input" in e.from && "part" in e.to && e.to.part.form === "op").length).toBe(3);
});

it("keeps the blocks and ids of a model for a variant of it, and puts what was added beside what it feeds", () => {
  const reference = longModel(120);
  const quantized = model(
    graph({
      ...reference.graph,
      nodes: reference.graph.nodes.flatMap((n) =>
        n.op !== "Conv"
          ? [n]
          : [
              node("DequantizeLinear", [[n.inputs[1]!, "s"], [`${n.name}_w`]], { name: `${n.name}_DequantizeLinear` }),
              { ...n, inputs: [n.inputs[0]!, `${n.name}_w`] },
            ],
      ),
      initializers: [...reference.graph.initializers, floatTensor("s", [], [1])],
    }),
  );
  const before = findParts(reference);
  const after = alignParts(quantized, before, { matching: matchNodes(reference.graph, quantized.graph) });
  expect(after.parts.map((p) => p.id)).toEqual(before.parts.map((p) => p.id));
  const conv = after.byId.get("Conv_5");
  const added = after.byId.get("Conv_5_DequantizeLinear");
  expect(after.parents.get(added!)).toBe(after.parents.get(conv!));
  expect(before.byId.has("Conv_5")).toBe(true);
});

it("takes another architecture's model for what it is", () => {
  const found = alignParts(chain(["a", "b"]), findParts(longModel(50)), {
    matching: { nodes: new Map<Node, Node>(), values: new Map<string, string>() },
  });
  expect(labels(found.parts)).toEqual(["a", "b"]);
});

/** How often a search says that it looks at something. */
function stepsOf(built: Model): number {
  let steps = 0;
  findParts(built, { step: (count) => (steps += count) });
  return steps;
}

it.each<readonly [string, (nodes: number) => Model]>([
  ["a chain", (n) => chain(Array.from({ length: n }, (_, i) => `n${i}`))],
  ["equal names", (n) => chain(Array<string>(n).fill("same"))],
  ["names that differ only at a far end", (n) => chain(Array.from({ length: n }, (_, i) => `${"a".repeat(200)}${i}`))],
  ["equal names in a scope", (n) => chain(Array<string>(n).fill("/a/b/Relu"))],
  ["residual blocks", longModel],
  ["one op that reads all others", (n) => wide(n)],
  ["long ways back", (n) => backwards(n)],
])("looks at twice as much of %s where there is twice as much, not four times", (_, build) => {
  const [some, twice] = [stepsOf(build(4000)), stepsOf(build(8000))];
  expect(some).toBeGreaterThan(4000);
  expect(twice / some).toBeLessThan(2.5);
});

it("ends where a step says so", () => {
  let steps = 0;
  const search = (): unknown =>
    findParts(longModel(4000), {
      step: (count) => {
        steps += count;
        if (steps > 10_000) throw new LatheError("cancelled", "Cancelled.");
      },
    });
  expect(search).toThrow("Cancelled.");
  expect(steps).toBeLessThan(20_000);
});

function wide(nodes: number): Model {
  const made = Array.from({ length: nodes - 1 }, (_, i) => node("MatMul", [["x", "w"], [`v${i}`]], { name: `n${i}` }));
  const sum = node("Sum", [made.map((n) => n.outputs[0]!), ["y"]], { name: "sum" });
  const initializers = [floatTensor("w", [4, 4], new Float32Array(16))];
  return model(
    graph({
      inputs: [value("x", "float32", [1, 4])],
      outputs: [value("y", "float32", [1, 4])],
      nodes: [...made, sum],
      initializers,
    }),
  );
}

/** Every op reads the one before it and one far back. */
function backwards(nodes: number): Model {
  const made = Array.from({ length: nodes }, (_, i) =>
    node(["Add", "Mul", "Sub"][i % 3]!, [
      [i === 0 ? "x" : `v${i - 1}`, i < 100 ? "x" : `v${i - 100 + (i % 7)}`],
      [`v${i}`],
    ]),
  );
  return model(
    graph({
      inputs: [value("x", "float32", [1, 4])],
      outputs: [value(`v${nodes - 1}`, "float32", [1, 4])],
      nodes: made,
    }),
  );
}
