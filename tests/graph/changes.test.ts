import { describe, expect, it } from "vitest";
import { floatTensor } from "../../core/graph/build.ts";
import { changedNodes } from "../../core/graph/changes.ts";
import { editGraph } from "../../core/graph/edit.ts";
import type { Model } from "../../core/graph/model.ts";
import { net, op, weight } from "../transform/fixtures.ts";

const model: Model = net({
  nodes: [
    op("Mul", ["x", "w"], "a"),
    op("Relu", ["a"], "b"),
    op("Mul", ["b", "v"], "c"),
    op("Add", ["b", "c"], "d"),
    op("Neg", ["x"], "e"),
    op("Add", ["d", "e"], "y"),
  ],
  constants: [weight("w", [3, 1, 1]), weight("v", [3, 1, 1])],
});

const changed = (edited: Model): readonly string[] =>
  [...changedNodes(edited, model)].map((node) => node.outputs[0] ?? "");

describe("changed nodes", () => {
  it("are none without a change", () => expect(changed(model)).toEqual([]));

  it("are those behind a constant of another content", () => {
    const graph = editGraph(model.graph, (edit) => edit.setInitializer(floatTensor("v", [3, 1, 1], [1, 2, 3])));
    expect(changed({ ...model, graph })).toEqual(["c", "d", "y"]);
  });

  it("are those that read something else, and what follows them", () => {
    const graph = editGraph(model.graph, (edit) => {
      const add = model.graph.nodes[3]!;
      edit.replace(add, { ...add, inputs: ["b", "b"] });
    });
    expect(changed({ ...model, graph })).toEqual(["d", "y"]);
  });

  it("are those with another attribute, and new ones", () => {
    const graph = editGraph(model.graph, (edit) => {
      const [first] = model.graph.nodes;
      edit.replace(first!, op("Mul", ["x", "w"], "z"), op("Abs", ["z"], "a"));
    });
    expect(changed({ ...model, graph })).toEqual(["z", "a", "b", "c", "d", "y"]);
  });
});
