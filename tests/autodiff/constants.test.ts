import { describe, expect, it } from "vitest";
import { elementCount, toFloat32, type NdArray } from "../../core/base/array.ts";
import { LatheError } from "../../core/base/error.ts";
import { seededRandom } from "../../core/base/random.ts";
import { startDraft } from "../../core/autodiff/writer.ts";
import { graph, model, node, tensorArray, value } from "../../core/graph/build.ts";
import { constantNumbers, factsOf, reshapeLike, scalarOf, shapeOf, sizeRatio } from "../../core/ops/constants.ts";
import type { ValueFacts } from "../../core/ops/gradient.ts";
import { runBackward } from "./backward.ts";

const draftWith = (facts: Readonly<Record<string, ValueFacts["dims"]>>): ReturnType<typeof startDraft> =>
  startDraft(graph({ inputs: [], outputs: [], nodes: [] }), {
    opset: 17,
    facts: (name) => facts[name] && { type: "float32", dims: facts[name] },
  });

const numbersOf = (draft: ReturnType<typeof startDraft>): number[] =>
  Array.from(tensorArray(draft.initializers.at(-1)!).data as BigInt64Array, Number);

describe("constants that rules write", () => {
  it("have the element type that they are asked for", () => {
    const draft = draftWith({});
    for (const type of ["float32", "float64", "float16", "int64", "int32", "bool"] as const) {
      scalarOf(draft, 1, type);
      const made = tensorArray(draft.initializers.at(-1)!);
      expect([made.type, made.dims, Number(made.data[0])]).toEqual([type, [], 1]);
    }
    expect(() => scalarOf(draft, 1, "bfloat16")).toThrow(
      new LatheError("unsupported", 'Gradients are not computed in elements of type "bfloat16".', {
        hint: "Convert the model to float32 first.",
      }),
    );
  });

  it("are shared where they are equal", () => {
    const draft = draftWith({});
    expect(scalarOf(draft, 2, "float32")).toBe(scalarOf(draft, 2, "float32"));
    expect(draft.initializers).toHaveLength(1);
  });

  it("are shapes where all sizes are known, and nodes where not", () => {
    const draft = draftWith({ known: [2, 3], free: ["batch", 3] });
    shapeOf(draft, "known");
    expect(numbersOf(draft)).toEqual([2, 3]);
    expect(draft.nodes).toHaveLength(0);
    shapeOf(draft, "free");
    expect(draft.nodes.map((n) => n.op)).toEqual(["Shape"]);
  });

  it("leave one unknown size for Reshape to find, but not two", () => {
    const draft = draftWith({ one: ["batch", 3], two: ["batch", "?"] });
    reshapeLike(draft, "v", "one");
    expect(numbersOf(draft)).toEqual([-1, 3]);
    reshapeLike(draft, "v", "two");
    expect(draft.nodes.map((n) => n.op)).toEqual(["Reshape", "Shape", "Reshape"]);
  });

  it("are ratios of sizes in which symbols cancel, computed only where they do not", () => {
    const draft = draftWith({ all: ["batch", 4, 5], some: ["batch", 5], other: ["rows", 5] });
    sizeRatio(draft, "all", "some");
    expect(tensorArray(draft.initializers.at(-1)!).data[0]).toBe(4);
    expect(draft.nodes).toHaveLength(0);
    sizeRatio(draft, "all", "other");
    expect(draft.nodes.map((n) => n.op)).toEqual(["Size", "Size", "Div", "Cast"]);
  });

  it("are read from initialisers and Constant nodes, but not where an input may replace them", () => {
    const two = { type: "int64", dims: [2], data: BigInt64Array.of(3n, 4n) } as const;
    const draft = draftWith({});
    const name = draft.constant(two);
    const { initializers } = draft;
    const plain = graph({ inputs: [], outputs: [], nodes: [], initializers });
    expect(constantNumbers(plain, name)).toEqual([3, 4]);
    expect(constantNumbers(plain, "other")).toBeUndefined();
    const replaced = graph({ inputs: [value(name, "int64", [2])], outputs: [], nodes: [], initializers });
    expect(constantNumbers(replaced, name)).toBeUndefined();
    const made = node("Constant", [[], ["c"]], { attributes: { value: initializers[0]! } });
    expect(constantNumbers(graph({ inputs: [], outputs: [], nodes: [made] }), "c")).toEqual([3, 4]);
  });

  it("need what is known of a value", () => {
    expect(() => factsOf(draftWith({}), "lost")).toThrow(
      new LatheError("unsupported", 'The shape of "lost" is not known.', {
        hint: "Differentiate with the facts of every value; findShapes collects them.",
      }),
    );
  });
});

describe("a net in half precision", () => {
  it("has the gradients of its float32 form", async () => {
    const random = seededRandom(2, "half");
    const shapes = { x: [4, 6], w: [6, 5], b: [5] };
    const arrays = Object.entries(shapes).map(
      ([name, dims]) => [name, Float32Array.from({ length: elementCount(dims) }, () => random.normal())] as const,
    );
    const gradientsIn = async (type: "float32" | "float16"): Promise<readonly Float32Array[]> => {
      const nodes = [
        node("Gemm", [["x", "w", "b"], ["h"]]),
        node("Gelu", [["h"], ["a"]]),
        node("Clip", [["a"], ["c"]]),
        node("Softmax", [["c"], ["s"]]),
        node("ReduceMax", [["s"], ["m"]], { attributes: { keepdims: 0 } }),
        node("Cast", [["m"], ["loss"]], { attributes: { to: 1 } }),
      ];
      const feeds: Record<string, NdArray> = Object.fromEntries(
        arrays.map(([name, data]) => [
          name,
          { type, dims: shapes[name as "x"], data: type === "float16" ? Float16Array.from(data) : data },
        ]),
      );
      const inputs = Object.entries(shapes).map(([name, dims]) => value(name, type, dims));
      const made = model(graph({ inputs, outputs: [{ name: "loss" }], nodes }), { opsets: { "": 20 } });
      const { gradients } = await runBackward(made, { from: { loss: undefined }, to: Object.keys(shapes), feeds });
      return Object.keys(shapes).map((name) => {
        expect(gradients[name]?.type).toBe(type);
        return toFloat32(gradients[name]!);
      });
    };
    const [half, single] = [await gradientsIn("float16"), await gradientsIn("float32")];
    for (const [i, gradient] of half.entries())
      for (const [at, found] of gradient.entries()) expect(found).toBeCloseTo(single[i]![at]!, 2);
  });
});
