import { nodeHost } from "../../core/app/nodeHost.ts";
import { elementCount, type NdArray } from "../../core/base/array.ts";
import { seededRandom } from "../../core/base/random.ts";
import type { Json } from "../../core/base/json.ts";
import { cpuLowering } from "../../core/train/lowering.ts";
import { estimateMemory } from "../../core/train/memory.ts";
import { keepGood } from "../../core/train/fallBack.ts";
import { startProgress } from "../../core/train/progress.ts";
import { buildStep, type StepGraph, type StepPlan } from "../../core/train/stepGraph.ts";
import { startTrainer } from "../../core/train/trainer.ts";
import { findNet } from "../../core/zoo/catalogue.ts";

/** A net of the zoo at one size, and how it is trained. */
export interface MemorySubject {
  readonly net: string;
  readonly input: readonly number[];
  readonly batch: number;
  readonly classes?: number;
  readonly params?: Readonly<Record<string, Json>>;
  readonly plan?: Partial<StepPlan>;
  /** Default true. */
  readonly isLowered?: boolean;
}

/**
 * Takes some steps in a process of its own and prints its highest resident size, or prints the estimate of it.
 * Arguments: "peak" or "estimate", and a subject as JSON.
 */
const [task, text = "{}"] = process.argv.slice(2);
const { net, input, batch, classes = 10, params = {}, plan = {}, ...rest } = JSON.parse(text) as MemorySubject;
const model = findNet(net).build({ seed: 0, input, classes, params });

async function build(size: number): Promise<StepGraph> {
  const lowering = rest.isLowered === false ? undefined : await cpuLowering(size);
  const whole: StepPlan = { heads: [{ loss: { kind: "cross-entropy" } }], optimizer: { kind: "sgd" }, ...plan };
  return buildStep(model, whole, { host: nodeHost, ...(lowering && { lowering }) });
}

if (task === "estimate") {
  const [found] = await estimateMemory([batch], { host: nodeHost, build });
  process.stdout.write(JSON.stringify(found));
} else {
  const trainer = await startTrainer(await build(batch), { host: nodeHost, threads: 2 });
  const random = seededRandom(0, "probe");
  const dims = [batch, ...input];
  const data = Float32Array.from({ length: elementCount(dims) }, () => random.normal());
  const [head] = trainer.graph.heads;
  const sizes = head!.dims.map((d) => (typeof d === "number" ? d : batch));
  const labels = BigInt64Array.from({ length: elementCount(sizes) }, () => BigInt(random.integer(classes)));
  const feeds: Record<string, NdArray> = {
    [model.graph.inputs[0]!.name]: { type: "float32", dims, data },
    [head!.target]: { type: "int64", dims: sizes, data: labels },
  };
  const losses: number[] = [];
  // A training keeps its last good state beside the one that it works on.
  const progress = startProgress();
  for (let step = 1; step <= 4; step++) {
    losses.push((await trainer.step(feeds, { rate: 1e-3, step })).loss);
    if (step === 2) keepGood(trainer, progress);
  }
  await trainer.close();
  process.stdout.write(
    JSON.stringify({ peak: process.resourceUsage().maxRSS * 1024, losses, kept: progress.good?.arrays.size }),
  );
}
