import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { readEvents, type TraceEvent } from "../../core/runtime/profile.ts";
import { lessonOf, peerFiles, type Subject } from "./trainTask.ts";
import type { ProbeTask } from "./trainProbe.ts";

const small = [3, 32, 32];
const large = [3, 96, 96];

/** All of them, or those whose titles LATHE_BENCH_NETS names, parted by commas. */
const SUBJECTS: readonly Subject[] = [
  { title: "ResNet-20", net: "resnet20", input: small, classes: 10, params: { shortcut: "B" }, batch: 128 },
  { title: "ResNet-56", net: "resnet56", input: small, classes: 10, params: { shortcut: "B" }, batch: 128 },
  { title: "MobileNetV2 32", net: "mobilenetv2", input: small, classes: 10, params: { reduction: 8 }, batch: 128 },
  { title: "MobileNetV2 96", net: "mobilenetv2", input: large, classes: 10, batch: 32 },
  { title: "MobileNetV3-Small 32", net: "mobilenetv3-small", input: small, classes: 10, batch: 128 },
  { title: "MobileNetV3-Small 96", net: "mobilenetv3-small", input: large, classes: 10, batch: 64 },
  { title: "DS-CNN", net: "ds-cnn-s", input: [1, 49, 10], classes: 12, batch: 128 },
  { title: "ViT-Tiny", net: "vit-tiny", input: small, classes: 10, params: { patch: 4 }, batch: 32 },
  { title: "LSTM", net: "lstm", input: [100, 40], classes: 12, batch: 64 },
];

const ROUNDS = Number(process.env["LATHE_BENCH_ROUNDS"] ?? 5);
const STEPS = Number(process.env["LATHE_BENCH_STEPS"] ?? 3);
const THREADS = Number(process.env["LATHE_BENCH_THREADS"] ?? Math.min(2, availableParallelism()));
const PYTHON = process.env["LATHE_BENCH_PYTHON"] ?? "/usr/bin/python3";

interface Side {
  /** Milliseconds of a step: median and least, of the clock and of processor time. */
  readonly wall: number;
  readonly leastWall: number;
  readonly cpu: number;
  readonly leastCpu: number;
  readonly imagesPerSecond: number;
  /** Bytes. */
  readonly peak: number;
  readonly losses: readonly number[];
  /** Milliseconds until a step can start: building, lowering and loading the graph. */
  readonly build?: number;
}

interface NetFigures {
  readonly title: string;
  readonly batch: number;
  readonly threads: number;
  /** "lathe", "lathe, plain", "torch nchw", "torch channels-last" */
  readonly sides: Readonly<Record<string, Side>>;
  /** PyTorch's better layout over Lathe: by the clock, by processor time, and memory. */
  readonly ratio?: { readonly wall: number; readonly cpu: number; readonly memory: number };
  /** Milliseconds by op in one step, under the profiler; the largest first. */
  readonly breakdown: readonly (readonly [op: string, milliseconds: number, calls: number])[];
  readonly failed?: Readonly<Record<string, string>>;
}

export interface TrainFigures {
  readonly load: readonly number[];
  readonly torch: string | undefined;
  readonly nets: readonly NetFigures[];
}

interface Answers {
  readonly ready?: true;
  readonly build?: number;
  readonly losses?: readonly number[];
  readonly wall?: readonly number[];
  readonly cpu?: readonly number[];
  readonly peak?: number;
}

/** A process that trains one net when it is told to. */
interface Peer {
  readonly build: number | undefined;
  ask(command: string): Promise<Answers>;
  end(): Promise<void>;
}

async function startPeer(command: string, args: readonly string[]): Promise<Peer> {
  const child: ChildProcess = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  let errors = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-2000)));
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const read = async (): Promise<Answers> => {
    const { value, done } = await lines.next();
    if (done === true) {
      await closed;
      throw new Error(errors.trim().split("\n").slice(-3).join(" / "));
    }
    return JSON.parse(value) as Answers;
  };
  const { build } = await read();
  return {
    build,
    ask: (line) => {
      child.stdin!.write(`${line}\n`);
      return read();
    },
    end: async () => {
      child.stdin!.end("end\n");
      await closed;
    },
  };
}

const probeArgs = (task: ProbeTask): string[] => [join(import.meta.dirname, "trainProbe.ts"), JSON.stringify(task)];

async function measureNet(subject: Subject, torch: boolean): Promise<NetFigures> {
  const folder = mkdtempSync(join(tmpdir(), "lathe-train-bench-"));
  const { spec, weights } = peerFiles(lessonOf(subject));
  writeFileSync(join(folder, "spec.json"), spec);
  writeFileSync(join(folder, "weights.bin"), new Uint8Array(weights.buffer));
  const peers = new Map<string, Peer>();
  const failed: Record<string, string> = {};
  const start = async (name: string, command: string, args: readonly string[]): Promise<void> => {
    try {
      peers.set(name, await startPeer(command, args));
    } catch (thrown) {
      failed[name] = String(thrown);
    }
  };
  await start("lathe", process.execPath, probeArgs({ subject, threads: THREADS, lowered: true }));
  await start("lathe, plain", process.execPath, probeArgs({ subject, threads: THREADS, lowered: false }));
  if (torch) {
    for (const layout of ["nchw", "channels-last"])
      await start(`torch ${layout}`, PYTHON, [join(import.meta.dirname, "torchPeer.py"), folder, layout, `${THREADS}`]);
  }
  const found = new Map<string, { wall: number[]; cpu: number[]; losses: number[]; peak: number }>();
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, peer] of peers) {
      try {
        const answer = await peer.ask(`steps ${STEPS}`);
        const all = found.get(name) ?? { wall: [], cpu: [], losses: [], peak: 0 };
        found.set(name, all);
        all.losses.push(...(answer.losses ?? []));
        all.peak = answer.peak ?? 0;
        // The first round warms up.
        if (round > 0) {
          all.wall.push(...(answer.wall ?? []));
          all.cpu.push(...(answer.cpu ?? []));
        }
      } catch (thrown) {
        failed[name] = String(thrown);
        peers.delete(name);
      }
    }
  }
  const sides: Record<string, Side> = {};
  for (const [name, peer] of peers) {
    await peer.end();
    const { wall, cpu, losses, peak } = found.get(name)!;
    sides[name] = {
      wall: median(wall),
      leastWall: Math.min(...wall),
      cpu: median(cpu),
      leastCpu: Math.min(...cpu),
      imagesPerSecond: (1000 * subject.batch) / median(wall),
      peak,
      losses: losses.slice(0, STEPS),
      ...(peer.build !== undefined && { build: peer.build }),
    };
  }
  const breakdown = sides["lathe"] === undefined ? [] : await profile(subject, folder);
  rmSync(folder, { recursive: true });
  const ratio = ratioOf(sides);
  const { title, batch } = subject;
  return {
    title,
    batch,
    threads: THREADS,
    sides,
    ...(ratio && { ratio }),
    breakdown,
    ...(Object.keys(failed).length > 0 && { failed }),
  };
}

function ratioOf(sides: Readonly<Record<string, Side>>): NetFigures["ratio"] {
  const lathe = sides["lathe"];
  const torch = ["torch nchw", "torch channels-last"].flatMap((name) => sides[name] ?? []);
  if (lathe === undefined || torch.length === 0) return undefined;
  const best = (of: (side: Side) => number): number => Math.min(...torch.map(of)) / of(lathe);
  return { wall: best((s) => s.wall), cpu: best((s) => s.leastCpu), memory: 1 / best((s) => s.peak) };
}

/** Where the time of a step goes, by op. */
async function profile(subject: Subject, folder: string): Promise<NetFigures["breakdown"]> {
  const profilePrefix = join(folder, "trace");
  const peer = await startPeer(
    process.execPath,
    probeArgs({ subject, threads: THREADS, lowered: true, profilePrefix }),
  );
  const runs = 4;
  await peer.ask(`steps ${runs}`);
  await peer.end();
  const trace = readdirSync(folder).find((name) => name.startsWith("trace"));
  if (trace === undefined) return [];
  const events = JSON.parse(readFileSync(join(folder, trace), "utf8")) as readonly TraceEvent[];
  const byOp = new Map<string, [milliseconds: number, calls: number]>();
  for (const { op, times } of readEvents(events, runs, 1)) {
    const [sum, calls] = byOp.get(op) ?? [0, 0];
    byOp.set(op, [sum + median(times), calls + 1]);
  }
  return [...byOp]
    .map(([op, [milliseconds, calls]]) => [op, milliseconds, calls] as const)
    .toSorted((a, b) => b[1] - a[1]);
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** Version, and the library behind its matrix products: convolutions do not need one, transformers and LSTMs live by it. */
const DESCRIBE = `
import re, torch
blas = re.search(r"BLAS_INFO=(\\w+)", torch.__config__.show())
print(torch.__version__, "with BLAS", blas.group(1) if blas else "unknown")`;

async function run(): Promise<TrainFigures> {
  const version = spawnSync(PYTHON, ["-c", DESCRIBE], { encoding: "utf8" });
  const torch = version.status === 0 ? version.stdout.trim() : undefined;
  const asked = process.env["LATHE_BENCH_NETS"]?.split(",");
  const nets: NetFigures[] = [];
  for (const subject of SUBJECTS) {
    if (asked?.includes(subject.title) === false) continue;
    process.stderr.write(`${subject.title} …\n`);
    nets.push(await measureNet(subject, torch !== undefined));
  }
  return { load: loadavg(), torch, nets };
}

function print(figures: unknown): string {
  const { load, torch, nets } = figures as TrainFigures;
  const lines = [
    `Load ${load.map((l) => l.toFixed(1)).join(" ")}; ${torch === undefined ? "no PyTorch here" : `PyTorch ${torch}`}`,
  ];
  for (const { title, batch, threads, sides, ratio, breakdown, failed } of nets) {
    lines.push(`\n${title}, batch ${batch}, ${threads} threads`);
    for (const [name, side] of Object.entries(sides)) {
      const build = side.build === undefined ? "" : `, ready after ${side.build.toFixed(0)} ms`;
      lines.push(
        `  ${name.padEnd(20)} ${side.imagesPerSecond.toFixed(0).padStart(6)} images/s, ${side.wall.toFixed(1)} ms a step ` +
          `(least ${side.leastWall.toFixed(1)}; processor ${side.leastCpu.toFixed(1)}), ` +
          `${(side.peak / 2 ** 20).toFixed(0)} MiB, first loss ${(side.losses[0] ?? NaN).toFixed(4)}${build}`,
      );
    }
    if (ratio !== undefined) {
      lines.push(
        `  against PyTorch's better layout: ${ratio.wall.toFixed(2)}× by the clock, ` +
          `${ratio.cpu.toFixed(2)}× by processor time, ${ratio.memory.toFixed(2)}× the memory`,
      );
    }
    const shown = breakdown.slice(0, 8).map(([op, ms, calls]) => `${op} ${ms.toFixed(1)} (${calls})`);
    if (shown.length > 0) lines.push(`  ms by op: ${shown.join(", ")}`);
    for (const [name, reason] of Object.entries(failed ?? {})) lines.push(`  ${name}: ${reason}`);
  }
  return lines.join("\n");
}

export const bench = { id: "train", title: "Training against PyTorch", run, print };
