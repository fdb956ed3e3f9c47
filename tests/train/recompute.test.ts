import { describe, expect, it } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { arrayBytes, float32 } from "../../core/base/array.ts";
import { seededRandom } from "../../core/base/random.ts";
import type { Model } from "../../core/graph/model.ts";
import { cpuLowering } from "../../core/train/lowering.ts";
import { estimateMemory } from "../../core/train/memory.ts";
import { buildStep, type StepGraph } from "../../core/train/stepGraph.ts";
import { startTrainer } from "../../core/train/trainer.ts";
import { findNet } from "../../core/zoo/catalogue.ts";

const BATCH = 16;
const heads = [{ loss: { kind: "cross-entropy" } }] as const;

const builder =
  (model: Model, { recompute, isLowered }: { readonly recompute: boolean; readonly isLowered: boolean }) =>
  async (batch: number): Promise<StepGraph> => {
    const lowering = isLowered ? await cpuLowering(batch) : undefined;
    const plan = { heads, optimizer: { kind: "sgd" }, recompute } as const;
    return buildStep(model, plan, { host: nodeHost, ...(lowering && { lowering }) });
  };

async function twoSteps(graph: StepGraph, input: readonly number[]): Promise<ReadonlyMap<string, Uint8Array>> {
  const trainer = await startTrainer(graph, { host: nodeHost, threads: 1 });
  try {
    const random = seededRandom(1, "data");
    const dims = [BATCH, ...input];
    const count = dims.reduce((all, d) => all * d, 1);
    const data = float32(
      dims,
      Float32Array.from({ length: count }, () => random.normal()),
    );
    const labels = BigInt64Array.from({ length: BATCH }, () => BigInt(random.integer(10)));
    const feeds = {
      [graph.inference.graph.inputs[0]!.name]: data,
      [graph.heads[0]!.target]: { type: "int64" as const, dims: [BATCH], data: labels },
    };
    for (let step = 1; step <= 2; step++) await trainer.step(feeds, { rate: 0.1, step });
    return new Map([...trainer.state()].map(([key, array]) => [key, arrayBytes(array).slice()]));
  } finally {
    await trainer.close();
  }
}

describe("recomputing activations", () => {
  const cases = [
    { net: "resnet8", input: [1, 16, 16], isLowered: false },
    { net: "resnet20", input: [3, 16, 16], isLowered: false },
    // Three blocks are too few to tell where the processor's own are eight channels wide.
    { net: "resnet20", input: [3, 16, 16], isLowered: true },
  ];
  it.each(cases)("gives the same bytes in less memory: $net, lowered $isLowered", async ({ net, input, isLowered }) => {
    const model = findNet(net).build({ seed: 0, input, classes: 10, params: {} });
    const kept = builder(model, { recompute: false, isLowered });
    const again = builder(model, { recompute: true, isLowered });
    expect(await twoSteps(await again(BATCH), input)).toEqual(await twoSteps(await kept(BATCH), input));
    const options = { host: nodeHost };
    const [before] = await estimateMemory([128], { ...options, build: kept });
    const [after] = await estimateMemory([128], { ...options, build: again });
    expect(after!.activations).toBeLessThan(0.85 * before!.activations);
  });
});
