import { seededRandom } from "../../core/base/random.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { cpuLowering } from "../../core/train/lowering.ts";
import { estimateMemory } from "../../core/train/memory.ts";
import { buildStep, type StepGraph } from "../../core/train/stepGraph.ts";
import { startTrainer } from "../../core/train/trainer.ts";
import { findNet } from "../../core/zoo/catalogue.ts";

/**
 * Takes some steps in a process of its own and prints its highest resident size, or prints the estimate of it.
 * Arguments: "peak" or "estimate", net, batch, input sizes.
 */
const [task, net = "", batchText, ...sizes] = process.argv.slice(2);
const batch = Number(batchText);
const input = sizes.map(Number);
const model = findNet(net).build({ seed: 0, input, classes: 10, params: {} });

async function build(size: number): Promise<StepGraph> {
  const lowering = await cpuLowering(size);
  const plan = { heads: [{ loss: { kind: "cross-entropy" } }], optimizer: { kind: "sgd" } } as const;
  return buildStep(model, plan, { host: nodeHost, ...(lowering && { lowering }) });
}

if (task === "estimate") {
  const [plan] = await estimateMemory([batch], { host: nodeHost, build });
  process.stdout.write(JSON.stringify(plan));
} else {
  const trainer = await startTrainer(await build(batch), { host: nodeHost, threads: 2 });
  const random = seededRandom(0, "probe");
  const dims = [batch, ...input];
  const data = Float32Array.from({ length: dims.reduce((all, d) => all * d, 1) }, () => random.normal());
  const labels = BigInt64Array.from({ length: batch }, () => BigInt(random.integer(10)));
  const feeds = {
    [model.graph.inputs[0]!.name]: { type: "float32", dims, data },
    [trainer.graph.heads[0]!.target]: { type: "int64", dims: [batch], data: labels },
  } as const;
  for (let step = 1; step <= 4; step++) await trainer.step(feeds, { rate: 0.01, step });
  await trainer.close();
  process.stdout.write(JSON.stringify({ peak: process.resourceUsage().maxRSS * 1024 }));
}
