import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { cpuLowering } from "../../core/train/lowering.ts";
import { buildStep } from "../../core/train/stepGraph.ts";
import { startTrainer } from "../../core/train/trainer.ts";
import { lessonOf, MOMENTUM, RATE, type Subject } from "./trainTask.ts";

export interface ProbeTask {
  readonly subject: Subject;
  readonly threads: number;
  readonly lowered: boolean;
  readonly profilePrefix?: string;
}

/** Answers the commands of the bench, one line each: "steps N", "end". The same as torchPeer.py does. */
const task = JSON.parse(process.argv[2] ?? "") as ProbeTask;
const { subject, threads, lowered, profilePrefix } = task;
const lesson = lessonOf(subject);
const start = performance.now();
const lowering = lowered ? await cpuLowering(subject.batch) : undefined;
const graph = await buildStep(
  lesson.model,
  {
    heads: [{ loss: { kind: "cross-entropy" } }],
    optimizer: { kind: "sgd", momentum: MOMENTUM, weightDecay: 0 },
  } as never,
  { host: nodeHost, ...(lowering && { lowering }) },
);
const trainer = await startTrainer(graph, { host: nodeHost, threads, ...(profilePrefix && { profilePrefix }) });
const ready = performance.now() - start;
const feeds = {
  [lesson.input.name]: lesson.input.array,
  [graph.heads[0]!.target]: {
    type: "int64" as const,
    dims: [lesson.target.length],
    data: BigInt64Array.from(lesson.target, BigInt),
  },
};
let count = 0;
answer({ ready: true, build: ready, nodes: graph.batch.model.graph.nodes.length });
for await (const line of createInterface({ input: process.stdin })) {
  const [command, number] = line.split(" ");
  if (command === "end") break;
  const [losses, wall, cpu]: [number[], number[], number[]] = [[], [], []];
  for (let i = 0; i < Number(number); i++) {
    const [from, used] = [performance.now(), process.cpuUsage()];
    const { loss } = await trainer.step(feeds, { rate: RATE, step: ++count });
    wall.push(performance.now() - from);
    const { user, system } = process.cpuUsage(used);
    cpu.push((user + system) / 1000);
    losses.push(loss);
  }
  answer({ losses, wall, cpu, peak: peak() });
}
await trainer.close();
process.stdin.destroy();

function answer(content: unknown): void {
  process.stdout.write(`${JSON.stringify(content)}\n`);
}

/** Bytes: highest resident size so far. */
function peak(): number {
  if (process.platform !== "linux") return process.resourceUsage().maxRSS * 1024;
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? 0) * 1024;
}
