import { describe, expect, it } from "vitest";
import { nodeHost as host } from "../../core/app/nodeHost.ts";
import type { NdArray } from "../../core/base/array.ts";
import { measureAccuracy } from "../../core/measure/accuracy.ts";
import { accuracyByProcessor } from "../../core/measure/processorAccuracy.ts";
import type { Model } from "../../core/graph/model.ts";
import { floatTensor } from "../../core/graph/build.ts";
import { thisProcessor } from "../../core/runtime/machine.ts";
import { withSession } from "../../core/runtime/session.ts";
import { net, noise, op } from "../transform/fixtures.ts";
import { quantize, streamOf } from "../transform/quantize.ts";

const CLASSES = ["dark", "bright"];

/** Two classes whose scores are large sums that differ by little; saturation cuts off both alike. */
const source = net({
  input: ["N", 32],
  nodes: [op("MatMul", ["x", "w"], "y")],
  constants: [
    floatTensor(
      "w",
      [32, 2],
      Float32Array.from({ length: 64 }, (_, i) => (i % 2 === 0 ? 0.5 : i < 32 ? 0.52 : 0.48)),
    ),
  ],
});
const samples = bright([64, 32]);
const labels = Int32Array.from({ length: 64 }, (_, i) => (half(i, 0) > half(i, 16) ? 1 : 0));

function bright(dims: readonly number[]): NdArray {
  const x = noise(dims, 4);
  return { ...x, data: (x.data as Float32Array).map((v) => 4 + v / 2) };
}

function half(row: number, from: number): number {
  const data = samples.data as Float32Array;
  return data.subarray(row * 32 + from, row * 32 + from + 16).reduce((sum, v) => sum + v, 0);
}

async function byProcessor(model: Model) {
  const plain = streamOf(samples);
  const stream = {
    ...plain,
    classes: CLASSES,
    batches: async function* (rows: number) {
      for await (const batch of plain.batches(rows)) {
        yield { ...batch, labels: Int32Array.from(batch.indices, (i) => labels[i]!) };
      }
    },
  };
  const options = { split: "test", batch: 16 } as const;
  const own = await withSession(model, { host }, (session) => measureAccuracy(session, stream, options));
  return {
    own: own.accuracy,
    found: await accuracyByProcessor(model, { stream, own }, { ...options, session: {}, host }),
  };
}

describe("accuracy by processor", () => {
  it("emulates what the other kind of processor loses or keeps", async () => {
    const { model } = await quantize(source, samples, { isExact: false });
    const { own, found } = await byProcessor(model);
    const here = await thisProcessor();
    const of = (id: string) => found!.find((f) => f.processor === id)!;
    expect(of(here)).toMatchObject({ how: "run", top1: own.top1 });
    expect(of("x86").how).toBe(here === "x86" ? "run" : "emulated");
    // Where every pair is cut off, both scores are equal, and the first class wins.
    expect(of("x86").top1).toBeLessThan(of("x86-vnni").top1 - 0.2);
    expect(of("arm").top1).toBe(of("x86-vnni").top1);
  });

  it("is the same everywhere where no sum can saturate", async () => {
    const { model } = await quantize(source, samples);
    const { own, found } = await byProcessor(model);
    const here = await thisProcessor();
    expect(found!.map((f) => f.how)).toEqual(["x86-vnni", "x86", "arm"].map((p) => (p === here ? "run" : "equal")));
    for (const { top1 } of found!) expect(top1).toBe(own.top1);
  });

  it("has nothing to say of float models", async () => {
    expect((await byProcessor(source)).found).toBeUndefined();
  });
});
