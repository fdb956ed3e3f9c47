import { describe, expect, it } from "vitest";
import { nodeHost as host } from "../../core/app/nodeHost.ts";
import { float32, toFloat32, type NdArray } from "../../core/base/array.ts";
import { graph, model as makeModel, node, value } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import { featuresOf, namedPairs, suggestPairs, type FeaturePair } from "../../core/train/featurePairs.ts";
import { viewStudent, viewTeacher, withoutViews, type FeatureLoss } from "../../core/train/featureViews.ts";
import { withSession } from "../../core/runtime/session.ts";
import { findNet } from "../../core/zoo/catalogue.ts";
import { prepareModel } from "../../core/transform/prepare.ts";
import { noise, runModel } from "../transform/fixtures.ts";
import { smallNet } from "./models.ts";

const student = smallNet({ widths: [4, 8], size: 16 });
const teacher = smallNet({ widths: [6, 10, 12], size: 16 });
const texts = (pairs: readonly FeaturePair[]): string[] => pairs.map((p) => `${p.student.value}=${p.teacher.value}`);

async function suggested(own: Model, other: Model): Promise<readonly FeaturePair[]> {
  return suggestPairs(await featuresOf(own, { host }), await featuresOf(other, { host }));
}

describe("pairs of values", () => {
  it("are the ends of stages of the same size", async () => {
    expect(texts(await suggested(student, teacher))).toEqual(["layer0.relu=layer0.relu", "layer1.relu=layer1.relu"]);
    const [small, large] = ["resnet8", "resnet20"].map((net) => {
      const built = findNet(net).build({ seed: 0, input: [3, 32, 32], classes: 10, params: {} });
      return prepareModel(built, { keepBatchNorm: true }).model;
    });
    const pairs = await suggested(small!, large!);
    expect(pairs.map((p) => [p.student.dims.slice(2), p.teacher.dims.slice(2)])).toEqual(
      [32, 16, 8].map((size) => [
        [size, size],
        [size, size],
      ]),
    );
  });

  it("are sequences and rows where there are no maps", async () => {
    const products = (width: number, places: readonly number[]): Model =>
      makeModel(
        graph({
          inputs: [value("x", "float32", ["N", ...places, 3])],
          outputs: [value("y", "float32", ["N", 2])],
          nodes: [
            node("MatMul", [["x", "a"], ["h"]]),
            ...(places.length > 0
              ? [node("ReduceMean", [["h"], ["m"]], { attributes: { axes: [1], keepdims: 0 } })]
              : [node("Relu", [["h"], ["m"]])]),
            node("MatMul", [["m", "b"], ["y"]]),
          ],
          initializers: noiseTensors(width),
        }),
      );
    expect(texts(await suggested(products(4, [5]), products(9, [5])))).toEqual(["h=h"]);
    expect(texts(await suggested(products(4, []), products(9, [])))).toEqual(["m=m"]);
  });

  it("are found by name", async () => {
    const shapes = { student: await featuresOf(student, { host }), teacher: await featuresOf(teacher, { host }) };
    const [pair] = namedPairs(["layer0.conv=layer1.norm"], shapes);
    expect([pair!.student.dims, pair!.teacher.dims]).toEqual([
      [1, 4, 8, 8],
      [1, 10, 4, 4],
    ]);
    expect(() => namedPairs(["layer0.conv"], shapes)).toThrow('"layer0.conv" is no pair of values.');
    expect(() => namedPairs(["layer9=layer0.conv"], shapes)).toThrow('The student has no value "layer9" to compare.');
    expect(() => namedPairs(["layer0.conv=head.weight"], shapes)).toThrow('The teacher has no value "head.weight"');
  });
});

function noiseTensors(width: number): Model["graph"]["initializers"] {
  const bytes = (a: NdArray): Uint8Array => new Uint8Array((a.data as Float32Array).buffer);
  return [
    ["a", [3, width]],
    ["b", [width, 2]],
  ].map(([name, dims]) => ({
    name: name as string,
    type: "float32",
    dims: dims as number[],
    data: { kind: "bytes", bytes: bytes(noise(dims as number[])) },
  }));
}

/** The views of a value that is the input itself. */
async function viewOf(loss: FeatureLoss, x: NdArray): Promise<NdArray> {
  const dims = ["N", ...x.dims.slice(1)];
  const identity = makeModel(
    graph({
      inputs: [value("x", "float32", dims)],
      outputs: [value("y", "float32", dims)],
      nodes: [node("Identity", [["x"], ["y"]])],
    }),
  );
  const shape = { value: "y", dims: [1, ...x.dims.slice(1)] };
  const { model, views } = viewTeacher(identity, { loss, pairs: [{ student: shape, teacher: shape }] });
  return (await runModel(model, { x }))[views[0]!]!;
}

describe("views", () => {
  it("of attention are unit vectors of energy, times √places", async () => {
    const x = noise([3, 5, 4, 4]);
    const found = await viewOf("attention", x);
    const data = x.data as Float32Array;
    for (let n = 0; n < 3; n++) {
      const energy = Array.from({ length: 16 }, (_, p) =>
        [0, 1, 2, 3, 4].reduce((sum, c) => sum + data[(n * 5 + c) * 16 + p]! ** 2, 0),
      );
      const length = Math.hypot(...energy);
      for (let p = 0; p < 16; p++) {
        expect(toFloat32(found)[n * 16 + p]!).toBeCloseTo((4 * energy[p]!) / length, 5);
      }
    }
  });

  it("of distance and angle are those between samples", async () => {
    const x = float32([3, 2], [0, 0, 3, 4, 0, 4]);
    const distance = toFloat32(await viewOf("distance", x));
    const mean = (2 * (5 + 4 + 3)) / 9;
    [0, 5, 4, 5, 0, 3, 4, 3, 0].forEach((d, i) => expect(distance[i]!).toBeCloseTo(d / mean, 5));
    const angle = await viewOf("angle", x);
    expect(angle.dims).toEqual([3, 3, 3]);
    // At the first sample between the other two: (3, 4) and (0, 4).
    expect(toFloat32(angle)[0 * 9 + 1 * 3 + 2]!).toBeCloseTo(16 / 20, 5);
    // At the third between the first and the second, a right angle.
    expect(toFloat32(angle)[2 * 9 + 0 * 3 + 1]!).toBeCloseTo(0, 5);
  });

  it("bring sizes together, or say why they cannot", async () => {
    const shape = (name: string, dims: readonly number[]): FeaturePair["student"] => ({ value: name, dims });
    const pair = { student: shape("layer0.conv", [1, 4, 8, 8]), teacher: shape("layer1.conv", [1, 10, 4, 4]) };
    const x = noise([2, 1, 16, 16]);
    for (const loss of ["mse", "attention"] as const) {
      const own = viewStudent(student, { loss, pairs: [pair], seed: 1 });
      const other = viewTeacher(teacher, { loss, pairs: [pair] });
      const [a, b] = [await runModel(own.model, { image: x }), await runModel(other.model, { image: x })];
      expect(a[own.views[0]!]!.dims).toEqual(b[other.views[0]!]!.dims);
      expect(own.adapters).toBe(loss === "mse" ? 40 : 0);
    }
    const odd = { ...pair, teacher: shape("t", [1, 10, 5, 5]) };
    expect(() => viewStudent(student, { loss: "mse", pairs: [odd], seed: 1 })).toThrow(
      '"layer0.conv" of [1,4,8,8] and "t" of [1,10,5,5] do not lie over each other.',
    );
    const flat = { student: shape("flat", [1, 8]), teacher: shape("t", [1, 10, 4, 4]) };
    expect(() => viewStudent(student, { loss: "mse", pairs: [flat], seed: 1 })).toThrow(
      '"flat" of [1,8] cannot be brought to "t" of [1,10,4,4].',
    );
    expect(() =>
      viewStudent(student, { loss: "attention", pairs: [{ student: flat.student, teacher: flat.student }], seed: 1 }),
    ).toThrow('The loss attention cannot compare "flat" of [1,8].');
  });

  it("leave no trace when they are taken away", async () => {
    const pairs = await suggested(student, teacher);
    for (const loss of ["mse", "attention", "distance", "angle"] as const) {
      const shown = viewStudent(student, { loss, pairs, seed: 1 });
      const back = withoutViews(shown.model, student);
      expect(back.graph).toEqual(student.graph);
      const x = noise([2, 1, 16, 16]);
      const [plain, viewed] = await Promise.all(
        [student, shown.model].map((m) => withSession(m, { host }, (open) => open.run({ image: x }))),
      );
      expect(viewed!["logits"]).toEqual(plain!["logits"]);
    }
  });
});
