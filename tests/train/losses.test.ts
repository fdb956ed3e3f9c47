import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { float32, type NdArray } from "../../core/base/array.ts";
import { floatTensor, graph, model, node, value } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import type { HeadSpec } from "../../core/train/heads.ts";
import type { LossSpec } from "../../core/train/losses.ts";
import type { TargetKind } from "../../core/train/losses/loss.ts";
import { buildStep } from "../../core/train/stepGraph.ts";
import { startTrainer } from "../../core/train/trainer.ts";

interface Golden {
  readonly name: string;
  readonly spec: LossSpec;
  readonly kind: TargetKind;
  readonly dims: readonly number[];
  readonly output: readonly number[];
  readonly target: readonly number[];
  readonly loss: number;
  readonly gradient: readonly number[];
}

const goldens = JSON.parse(readFileSync(new URL("golden/losses.json", import.meta.url), "utf8")) as Golden[];

/** The output is a constant, so that what one plain step takes from it is its gradient. */
function constantOutput({ dims, output }: Pick<Golden, "dims" | "output">, last: readonly string[] = []): Model {
  const names = ["y", ...last.map((op) => op.toLowerCase())];
  return model(
    graph({
      inputs: [value("x", "float32", ["batch", ...dims.slice(1)])],
      outputs: [value(names.at(-1)!, "float32", ["batch", ...dims.slice(1)])],
      nodes: [node("Add", [["x", "w"], ["y"]]), ...last.map((op, i) => node(op, [[names[i]!], [names[i + 1]!]]))],
      initializers: [floatTensor("w", dims, output)],
    }),
  );
}

function targetOf({ kind, dims, target }: Golden, axis = 1): NdArray {
  if (kind !== "classes") return float32(dims, target);
  return { type: "int64", dims: dims.filter((_, a) => a !== axis), data: BigInt64Array.from(target, BigInt) };
}

/** The same case with the class axis, which is axis 1, as the last one. */
function classesLast(golden: Golden): Golden {
  const [batch = 0, classes = 0, ...space] = golden.dims;
  const area = space.reduce((product, d) => product * d, 1);
  const move = (data: readonly number[]): number[] =>
    Array.from(data, (_, i) => {
      const [sample, place, c] = [Math.floor(i / (area * classes)), Math.floor(i / classes) % area, i % classes];
      return data[(sample * classes + c) * area + place]!;
    });
  const { output, gradient } = golden;
  return { ...golden, dims: [batch, ...space, classes], output: move(output), gradient: move(gradient) };
}

async function oneStep(golden: Golden, built: Model, heads: readonly HeadSpec[]) {
  const given = {
    x: float32(
      golden.dims,
      golden.output.map(() => 0),
    ),
  };
  const step = await buildStep(built, { heads, optimizer: { kind: "sgd", momentum: 0 } }, { host: nodeHost });
  const trainer = await startTrainer(step, { host: nodeHost });
  try {
    const axis = heads[0]?.classAxis === -1 ? golden.dims.length - 1 : 1;
    const targets = Object.fromEntries(step.heads.map((h) => [h.target, targetOf(golden, axis)]));
    const result = await trainer.step({ ...given, ...targets }, { rate: 1, step: 1 });
    const after = trainer.state().get("w")!.data as Float32Array;
    return { result, gradient: golden.output.map((w, i) => w - after[i]!) };
  } finally {
    await trainer.close();
  }
}

describe("the losses", () => {
  it.each(goldens)("$spec.kind over $name meets PyTorch in value and gradient", async (golden) => {
    const { result, gradient } = await oneStep(golden, constantOutput(golden), [
      { loss: golden.spec, target: golden.kind },
    ]);
    expect(Math.abs(result.loss - golden.loss)).toBeLessThan(1e-5 * Math.max(1, Math.abs(golden.loss)));
    gradient.forEach((g, i) => expect(Math.abs(g - golden.gradient[i]!), `element ${i}`).toBeLessThan(3e-6));
  });

  it.each(goldens.filter((g) => g.kind === "classes" && g.dims.length > 2).map(classesLast))(
    "$spec.kind over $name is the same with the class axis last",
    async (golden) => {
      const head = { loss: golden.spec, target: golden.kind, classAxis: -1 };
      const { result, gradient } = await oneStep(golden, constantOutput(golden), [head]);
      expect(result.loss).toBeCloseTo(golden.loss, 5);
      gradient.forEach((g, i) => expect(Math.abs(g - golden.gradient[i]!), `element ${i}`).toBeLessThan(3e-6));
    },
  );

  it.each(goldens.filter((g) => g.spec.kind === "cross-entropy" && g.dims.length === 2))(
    "cross-entropy over $name counts the positions of a sequence like samples",
    async (golden) => {
      const sequence = { ...golden, dims: [1, ...golden.dims] };
      const head = { loss: golden.spec, target: golden.kind, classAxis: -1 };
      const { result, gradient } = await oneStep(sequence, constantOutput(sequence), [head]);
      expect(result.loss).toBeCloseTo(golden.loss, 5);
      gradient.forEach((g, i) => expect(Math.abs(g - golden.gradient[i]!), `element ${i}`).toBeLessThan(3e-6));
    },
  );

  it("reads the logits where the model ends in a softmax along the classes", async () => {
    const golden = goldens.find((g) => g.name === "hard labels")!;
    const { result } = await oneStep(golden, constantOutput(golden, ["Softmax"]), [{ loss: golden.spec }]);
    expect(result.loss).toBeCloseTo(golden.loss, 5);
    // This softmax runs along the last axis and not along the classes, so it is part of the net.
    const map = goldens.find((g) => g.name === "segmentation")!;
    const across = await oneStep(map, constantOutput(map, ["Softmax"]), [{ loss: map.spec }]);
    expect(Math.abs(across.result.loss - map.loss)).toBeGreaterThan(0.01);
  });

  it("adds up heads with their weights", async () => {
    const golden = goldens.find((g) => g.name === "squares")!;
    const base = constantOutput(golden);
    const two: Model = {
      ...base,
      graph: {
        ...base.graph,
        nodes: [...base.graph.nodes, node("Add", [["y", "x"], ["z"]])],
        outputs: [...base.graph.outputs, value("z", "float32", ["batch", ...golden.dims.slice(1)])],
      },
    };
    const { result, gradient } = await oneStep(golden, two, [
      { output: "y", loss: { kind: "mse" } },
      { output: "z", loss: { kind: "mse" }, weight: 0.5 },
    ]);
    expect(result.heads).toEqual([result.heads[0], result.heads[0]]);
    expect(result.loss).toBeCloseTo(1.5 * golden.loss, 5);
    gradient.forEach((g, i) => expect(g).toBeCloseTo(1.5 * golden.gradient[i]!, 5));
  });

  it("refuses outputs, targets and weights that do not fit", async () => {
    const golden = goldens[0]!;
    const train = (head: HeadSpec) => oneStep(golden, constantOutput(golden), [head]);
    await expect(train({ output: "z", loss: golden.spec })).rejects.toThrow('The model has no output "z" to train.');
    await expect(train({ loss: { kind: "mse" }, target: "classes" })).rejects.toThrow(
      'The loss mse takes no targets of kind "classes".',
    );
    await expect(train({ loss: golden.spec, classAxis: 2 })).rejects.toThrow(
      'The output "y" of [5,4] has no class axis "2".',
    );
    await expect(train({ loss: { kind: "cross-entropy", weights: [1, 2] } })).rejects.toThrow(
      'There are "2" class weights for 4 classes.',
    );
  });
});
