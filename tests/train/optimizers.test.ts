import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { float32 } from "../../core/base/array.ts";
import { floatTensor, graph, model, node, value } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import type { OptimizerSpec } from "../../core/train/optimizers.ts";
import { buildStep, type StepPlan } from "../../core/train/stepGraph.ts";
import { startTrainer, type Trainer } from "../../core/train/trainer.ts";

interface Golden {
  readonly name: string;
  readonly spec: OptimizerSpec;
  readonly start: readonly number[];
  readonly goal: readonly number[];
  readonly after: readonly number[];
}

const goldens = JSON.parse(readFileSync(new URL("golden/optimizers.json", import.meta.url), "utf8")) as Golden[];

/** y = x·w over 4×3 weights; with x the identity and targets the goal, the loss is the goldens' mean square. */
function linear(start: readonly number[]): Model {
  return model(
    graph({
      inputs: [value("x", "float32", ["batch", 4])],
      outputs: [value("y", "float32", ["batch", 3])],
      nodes: [node("MatMul", [["x", "w"], ["y"]])],
      initializers: [floatTensor("w", [4, 3], start)],
    }),
  );
}

const identity = float32(
  [4, 4],
  Float32Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? 1 : 0)),
);

async function startAt(start: readonly number[], plan: Omit<StepPlan, "heads">): Promise<Trainer> {
  const step = await buildStep(linear(start), { ...plan, heads: [{ loss: { kind: "mse" } }] }, { host: nodeHost });
  return startTrainer(step, { host: nodeHost });
}

const weightsOf = (trainer: Trainer): number[] => Array.from(trainer.state().get("w")!.data as Float32Array);

function close(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((x, i) => expect(Math.abs(x - expected[i]!), `element ${i}`).toBeLessThan(2e-5));
}

describe("the optimisers", () => {
  it.each(goldens)("$name makes the steps of its reference", async ({ spec, start, goal, after }) => {
    const trainer = await startAt(start, { optimizer: spec });
    try {
      const feeds = { x: identity, "target.y": float32([4, 3], goal) };
      for (let step = 1; step <= 5; step++) await trainer.step(feeds, { rate: 0.1, step });
      close(weightsOf(trainer), after);
    } finally {
      await trainer.close();
    }
  });

  const start = goldens[0]!.start;
  const feeds = { x: identity, "target.y": float32([4, 3], goldens[0]!.goal) };

  it("takes the same step from two halves of a batch as from the whole", async () => {
    const [whole, halves] = await Promise.all([
      startAt(start, { optimizer: { kind: "adamw" }, average: true }),
      startAt(start, { optimizer: { kind: "adamw" }, accumulate: 2, average: true }),
    ]);
    const rows = (from: number): typeof feeds => ({
      x: float32([2, 4], identity.data.slice(from * 4, from * 4 + 8) as Float32Array),
      "target.y": float32([2, 3], goldens[0]!.goal.slice(from * 3, from * 3 + 6)),
    });
    for (let step = 1; step <= 3; step++) {
      const settings = { rate: 0.1, step, keep: 0.5 };
      await whole.step(feeds, settings);
      expect((await halves.step(rows(0), settings)).isUpdate).toBe(false);
      expect((await halves.step(rows(2), settings)).isUpdate).toBe(true);
    }
    close(weightsOf(halves), weightsOf(whole));
    close(Array.from(halves.state().get("w/average")!.data as Float32Array), [
      ...(whole.state().get("w/average")!.data as Float32Array),
    ]);
    await Promise.all([whole.close(), halves.close()]);
  });

  it("shortens a gradient that is too long and says how long it was", async () => {
    const trainer = await startAt(start, { optimizer: { kind: "sgd", momentum: 0 }, clip: 0.01 });
    const { norm } = await trainer.step(feeds, { rate: 1, step: 1 });
    const moved = weightsOf(trainer).map((w, i) => w - start[i]!);
    expect(norm).toBeGreaterThan(0.01);
    expect(Math.hypot(...moved)).toBeCloseTo(0.01, 4);
    await trainer.close();
  });

  it("follows the weights with their moving average", async () => {
    const trainer = await startAt(start, { optimizer: { kind: "sgd" }, average: true });
    let expected = [...start];
    for (let step = 1; step <= 3; step++) {
      await trainer.step(feeds, { rate: 0.5, step, keep: 0.75 });
      const now = weightsOf(trainer);
      expected = expected.map((a, i) => 0.75 * a + 0.25 * now[i]!);
    }
    const averaged = trainer.model("average").graph.initializers.find((t) => t.name === "w");
    close(Array.from(trainer.state().get("w/average")!.data as Float32Array), expected);
    expect(averaged?.data).not.toEqual(trainer.model().graph.initializers.find((t) => t.name === "w")?.data);
    await trainer.close();
  });

  it("keeps masked weights at zero", async () => {
    const trainer = await startAt(start, { optimizer: { kind: "sgd" }, masked: ["w"] });
    trainer.setMask(
      "w",
      Float32Array.from({ length: 12 }, (_, i) => i % 2),
    );
    for (let step = 1; step <= 3; step++) await trainer.step(feeds, { rate: 0.5, step });
    const after = weightsOf(trainer);
    expect(after.filter((_, i) => i % 2 === 0).every((w) => w === 0)).toBe(true);
    expect(after.filter((_, i) => i % 2 === 1).every((w) => w !== 0)).toBe(true);
    await trainer.close();
  });
});
