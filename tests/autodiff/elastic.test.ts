import { describe, expect, it } from "vitest";
import { elementCount, type NdArray } from "../../core/base/array.ts";
import { seededRandom } from "../../core/base/random.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { graph, intTensor, model, node, tensor, value } from "../../core/graph/build.ts";
import { openSession, type Session } from "../../core/runtime/session.ts";
import { backwardModel, type Arrays } from "./backward.ts";
import { ints } from "./operands.ts";

const random = seededRandom(11, "elastic");
const normal = (...dims: number[]): NdArray => ({
  type: "float32",
  dims,
  data: Float32Array.from({ length: elementCount(dims) }, () => random.normal()),
});

/** Two layers whose width between them, of at most eight, is an input of the graph. */
const elastic = model(
  graph({
    inputs: [
      value("x", "float32", ["batch", 3, 5, 5]),
      value("width", "int64", [1]),
      value("w1", "float32", [8, 3, 3, 3]),
      value("w2", "float32", [4, 8, 1, 1]),
      value("w3", "float32", [2, 4]),
    ],
    outputs: [{ name: "loss" }],
    initializers: [
      ...[0, 1].map((axis) => intTensor(`axis${axis}`, [1], [axis])),
      intTensor("start", [1], [0]),
      tensor("six", { type: "float32", dims: [], data: Float32Array.of(6) }),
    ],
    nodes: [
      node("Slice", [["w1", "start", "width", "axis0"], ["w1.part"]]),
      node("Slice", [["w2", "start", "width", "axis1"], ["w2.part"]]),
      node("Conv", [["x", "w1.part"], ["hidden"]], { attributes: { pads: [1, 1, 1, 1] } }),
      node("Tanh", [["hidden"], ["active"]]),
      node("Conv", [["active", "w2.part"], ["mixed"]]),
      node("ReduceMean", [["mixed"], ["pooled"]], { attributes: { axes: [2, 3], keepdims: 0 } }),
      node("Gemm", [["pooled", "w3"], ["logits"]], { attributes: { transB: 1 } }),
      node("LogSoftmax", [["logits"], ["scores"]]),
      node("Div", [["scores", "six"], ["terms"]]),
      node("ReduceSum", [["terms"], ["loss"]], { attributes: { keepdims: 0 } }),
    ],
  }),
);

const weights: Arrays = { w1: normal(8, 3, 3, 3), w2: normal(4, 8, 1, 1), w3: normal(2, 4) };

const lossOf = async (session: Session, feeds: Arrays): Promise<number> =>
  Number((await session.run(feeds))["loss"]!.data[0]);

describe("a net whose width is an input", () => {
  it("trains at every width and batch size with one graph", async () => {
    // The width differs between the two calls that show the shapes, and so is no fixed number.
    const batches = (batch: number): Arrays => ({ ...weights, x: normal(batch, 3, 5, 5), width: ints(batch + 2) });
    const to = Object.keys(weights);
    const made = await backwardModel(elastic, { from: { loss: undefined }, to, feeds: batches(1), batches });
    const session = await openSession(made.model, { optimization: "basic" }, nodeHost);
    try {
      for (const [width, batch] of [
        [3, 2],
        [8, 3],
        [1, 1],
      ] as const) {
        const feeds: Arrays = { ...weights, x: normal(batch, 3, 5, 5), width: ints(width) };
        const found = await session.run(feeds);
        for (const name of to) {
          const gradient = found[made.gradients.get(name)!]!;
          expect(gradient.dims, name).toEqual(weights[name]!.dims);
          // Along a random direction, by central differences.
          const direction = normal(...weights[name]!.dims).data as Float32Array;
          const moved = (by: number): Arrays => ({
            ...feeds,
            [name]: {
              ...weights[name]!,
              data: (weights[name]!.data as Float32Array).map((w, i) => w + by * direction[i]!),
            },
          });
          const step = 1e-3;
          const expected = ((await lossOf(session, moved(step))) - (await lossOf(session, moved(-step)))) / (2 * step);
          const actual = (gradient.data as Float32Array).reduce((sum, g, i) => sum + g * direction[i]!, 0);
          expect(Math.abs(actual - expected), `${name} at width ${width}: ${actual} against ${expected}`).toBeLessThan(
            1e-3 * Math.max(1, Math.abs(expected)),
          );
        }
        // What was not used has no gradient.
        const unused = (found[made.gradients.get("w1")!]!.data as Float32Array).subarray(width * 27);
        expect(unused.every((g) => g === 0)).toBe(true);
      }
    } finally {
      await session.close();
    }
  });
});
