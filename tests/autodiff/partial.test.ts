import { describe, expect, it } from "vitest";
import type { NdArray } from "../../core/base/array.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { differentiate } from "../../core/autodiff/differentiate.ts";
import type { PlainAttribute } from "../../core/graph/attributes.ts";
import { graph, model, node, tensor, value } from "../../core/graph/build.ts";
import type { Node } from "../../core/graph/model.ts";
import { findShapes } from "../../core/measure/shapes.ts";
import { bools, floats, intArray } from "./operands.ts";

interface Setting {
  readonly inputs: readonly NdArray[];
  readonly attributes?: Readonly<Record<string, PlainAttribute>>;
}

const [square, matrix] = [floats([2, 2], [1, 2, 3, 4]), floats([2, 2], [0.5, 1, 1.5, 2])];
const batch = floats([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]);

/** Ops of two float operands, each in a form where both gradients cost something. */
const settings: Readonly<Record<string, readonly Setting[]>> = {
  Add: [{ inputs: [floats([2, 1], [1, 2]), floats([1, 2], [1, 2])] }],
  Sub: [{ inputs: [floats([2, 1], [1, 2]), floats([1, 2], [1, 2])] }],
  Mul: [{ inputs: [square, matrix] }],
  Div: [{ inputs: [square, matrix] }],
  Pow: [{ inputs: [square, matrix] }],
  Max: [{ inputs: [square, matrix] }],
  PRelu: [{ inputs: [square, matrix] }],
  MatMul: [
    { inputs: [square, matrix] },
    { inputs: [floats([2], [1, 2]), batch] },
    { inputs: [batch, floats([2], [1, 2])] },
    { inputs: [batch, matrix] },
    { inputs: [batch, batch] },
  ],
  Gemm: [{ inputs: [square, matrix] }],
  Einsum: [{ inputs: [square, matrix], attributes: { equation: "ij,jk->ik" } }],
  Where: [{ inputs: [bools([2, 2], [true, false, true, false]), square, matrix] }],
  ScatterElements: [{ inputs: [square, intArray([1, 2], [0, 1]), floats([1, 2], [5, 6])] }],
};

/** The backward nodes for some of the inputs. */
async function backwardNodes(op: string, setting: Setting, to: readonly string[]): Promise<readonly Node[]> {
  const names = setting.inputs.map((_, slot) => `x${slot}`);
  const isFloat = (slot: number): boolean => setting.inputs[slot]!.type === "float64";
  const made = model(
    graph({
      inputs: names.flatMap((name, slot) =>
        isFloat(slot) ? [value(name, "float64", setting.inputs[slot]!.dims)] : [],
      ),
      outputs: [{ name: "y" }],
      nodes: [node(op, [names, ["y"]], { attributes: setting.attributes ?? {} })],
      initializers: names.flatMap((name, slot) => (isFloat(slot) ? [] : [tensor(name, setting.inputs[slot]!)])),
    }),
  );
  const feeds = Object.fromEntries(
    names.flatMap((name, slot) => (isFloat(slot) ? [[name, setting.inputs[slot]!] as const] : [])),
  );
  const { values } = await findShapes(made, { host: nodeHost, feeds: () => feeds });
  const { model: after, gradients } = differentiate(made, { from: { y: undefined }, to, facts: (v) => values.get(v) });
  expect([...gradients.keys()]).toEqual(to);
  return after.graph.nodes.slice(1);
}

describe("a gradient that nobody asked for", () => {
  for (const [op, forms] of Object.entries(settings)) {
    it(`costs nothing in ${op}`, async () => {
      for (const setting of forms) {
        const slots = setting.inputs.flatMap(({ type }, slot) => (type === "float64" ? [`x${slot}`] : []));
        const both = await backwardNodes(op, setting, slots);
        for (const slot of slots) {
          const one = await backwardNodes(op, setting, [slot]);
          expect(one.length, `nodes for ${slot} alone`).toBeLessThan(both.length);
          // What is made is used: no node is left over.
          const read = new Set(one.flatMap((n) => n.inputs));
          const unread = one.filter((n) => !n.outputs.some((o) => read.has(o)));
          expect(unread.length, unread.map((n) => n.op).join()).toBe(1);
        }
      }
    });
  }
});
