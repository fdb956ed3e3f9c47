import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { tensorArray } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import { gradualMasks, rampAt, type Ramp } from "../../core/train/gradual.ts";
import { meanGradients } from "../../core/train/saliency.ts";
import type { TrainOptions } from "../../core/train/train.ts";
import { findLinearLayers } from "../../core/transform/linearLayers.ts";
import { chooseMasks } from "../../core/transform/sparseMasks.ts";
import { smallNet } from "./models.ts";
import { stripes } from "./pictures.ts";
import { run } from "./run.ts";

const RAMP: Ramp = { start: 0.25, end: 0.75, every: 2 };
const model = smallNet({ classes: 4 });
const { layers } = findLinearLayers(model);
const all = layers.reduce((sum, l) => sum + l.elements, 0);
const masks = new Map(layers.map((l) => [l.weight, new Float32Array(l.elements).fill(1)]));
const scored = layers.map((l) => l.weight);

/** Magnitude, or movement where it is there. */
const hook = gradualMasks(RAMP, (share, state) =>
  chooseMasks(
    layers.map((layer) => {
      const { values, movement } = state(layer.weight);
      return {
        layer,
        scores: movement === undefined ? Float64Array.from(values, Math.abs) : Float64Array.from(movement),
      };
    }),
    { pattern: { kind: "unstructured" }, scope: "global", sparsity: 0.8 * share },
  ),
);

const zerosOf = (m: Model): number =>
  layers.reduce((sum, { weight }) => {
    const data = tensorArray(m.graph.initializers.find((t) => t.name === weight)!).data as Float32Array;
    return sum + data.filter((x) => x === 0).length;
  }, 0);

describe("a ramp", () => {
  it("rises as 1 − (1 − t)³ and ends where it should", () => {
    const shares = Array.from({ length: 16 }, (_, update) => rampAt(RAMP, { update, of: 16 }));
    const cubic = (t: number): number => 1 - (1 - t) ** 3;
    const expected = [4, 6, 8, 10].map((u) => [u, cubic((u - 4) / 8)] as const);
    for (const [update, share] of shares.entries()) {
      const due = expected.find(([u]) => u === update)?.[1];
      if (update === 12) expect(share).toBe(1);
      else if (due === undefined) expect(share).toBeUndefined();
      else expect(share).toBeCloseTo(due, 12);
    }
  });

  it("reaches the whole in trainings of any length", () => {
    for (const of of [1, 2, 3, 5, 100]) {
      for (const ramp of [RAMP, { start: 0, end: 1, every: 16 }, { start: 0, end: 0.01, every: 7 }]) {
        const shares = Array.from({ length: of }, (_, update) => rampAt(ramp, { update, of }));
        expect(shares.findLast((s) => s !== undefined)).toBe(1);
      }
    }
  });
});

describe("training with growing masks", () => {
  it("is as sparse after each update as the ramp says, and stays so", async () => {
    const found: number[] = [];
    const beforeUpdate: TrainOptions["beforeUpdate"] = (trainer, at) => {
      if (at.update > 0) found.push(zerosOf(trainer.model()));
      hook(trainer, at);
    };
    const { model: trained } = await run({}, { masks, beforeUpdate });
    found.push(zerosOf(trained));
    let share = 0;
    const expected = Array.from({ length: 16 }, (_, update) => {
      share = rampAt(RAMP, { update, of: 16 }) ?? share;
      return Math.round(0.8 * share * all);
    });
    expect(found).toEqual(expected);
  });

  it.each([
    ["magnitude", []],
    ["movement", scored],
  ])("by %s goes on to the same bytes after an interruption", async (_, scored) => {
    const folder = await mkdtemp(join(tmpdir(), "lathe-gradual-"));
    try {
      const options = { masks, beforeUpdate: hook };
      const whole = await run({ scored }, options);
      const control = new AbortController();
      const saving = { path: join(folder, "checkpoint"), key: "k" };
      const stopAt9: TrainOptions["beforeUpdate"] = (trainer, at) => {
        if (at.update === 9) control.abort();
        hook(trainer, at);
      };
      const stopped = run({ scored }, { masks, beforeUpdate: stopAt9, saving, signal: control.signal });
      await expect(stopped).rejects.toThrow("Cancelled");
      const resumed = await run({ scored }, { ...options, saving });
      expect(resumed.bytes).toBe(whole.bytes);
      expect(resumed.history).toEqual(whole.history);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("movement", () => {
  it("adds up −rate·gradient·weight, and keeps what is masked for its return", async () => {
    const seen: { weight: Float32Array; score: Float32Array; dense: Float32Array }[] = [];
    const name = "layer1.weight";
    const copy = (x: unknown): Float32Array => Float32Array.from(x as Float32Array);
    const closed = new Float32Array(masks.get(name)!.length).map((_, i) => i % 2);
    const beforeUpdate: TrainOptions["beforeUpdate"] = (trainer, { update }) => {
      if (update === 2) trainer.setMask(name, closed);
      if (update === 4) trainer.setMask(name, masks.get(name)!);
      const state = trainer.state();
      const [weight, score, dense] = [name, `${name}/score`, `${name}/dense`].map((key) => copy(state.get(key)!.data));
      seen.push({ weight: weight!, score: score!, dense: dense! });
    };
    const plain = { optimizer: { kind: "sgd", momentum: 0, weightDecay: 0 }, schedule: { kind: "constant" } } as const;
    await run({ ...plain, scored }, { masks, beforeUpdate });
    const [one, two, three, four, five] = seen;
    // Plain SGD moves by −rate·gradient, so the score is what it moved times what it was.
    for (let i = 0; i < closed.length; i++) {
      const moved = (two!.dense[i]! - one!.dense[i]!) * one!.weight[i]!;
      expect(two!.score[i]!).toBeCloseTo(moved, 6);
      if (closed[i] === 1) continue;
      expect(Math.abs(three!.weight[i]!) + Math.abs(four!.weight[i]!)).toBe(0);
      expect([four!.dense[i], five!.weight[i]]).toEqual([three!.dense[i], three!.dense[i]]);
    }
    // The loss still says what a masked weight would do.
    expect(closed.some((m, i) => m === 0 && four!.score[i] !== three!.score[i])).toBe(true);
  });
});

describe("mean gradients", () => {
  it("are the mean of those of single batches", async () => {
    const options = {
      batch: 16,
      heads: [{ loss: { kind: "cross-entropy" } }],
      seed: 3,
      session: { threads: 1 },
      host: nodeHost,
      signal: new AbortController().signal,
    } as const;
    const whole = await meanGradients(model, { ...options, training: stripes(64), batches: 4 });
    const one = await meanGradients(model, { ...options, batch: 64, training: stripes(64), batches: 1 });
    expect([...whole.keys()]).toContain("layer1.weight");
    for (const [name, gradient] of whole) {
      const other = one.get(name)!;
      const size = Math.max(...other.map(Math.abs));
      for (const [i, g] of gradient.entries()) expect(Math.abs(g - other[i]!)).toBeLessThan(1e-4 * size + 1e-7);
    }
    await expect(meanGradients(model, { ...options, training: stripes(0), batches: 1 })).rejects.toThrow(
      'There are "0" samples, fewer than a batch.',
    );
  });
});
