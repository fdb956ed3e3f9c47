import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importModel } from "../../core/app/importModel.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { createProject } from "../../core/app/project.ts";
import { seededRandom } from "../../core/base/random.ts";
import { floatTensor, graph, model, node, value } from "../../core/graph/build.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { readModel } from "../../core/onnx/read.ts";

interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** Milliseconds; within a group all were taken in turns. */
export interface StartupFigures {
  readonly doctor: {
    readonly rounds: number;
    readonly lathe: Spread;
    /** With nothing compiled before, as right after the installation. */
    readonly firstEver: Spread;
    readonly bareNode: Spread;
  };
  readonly import: {
    readonly rounds: number;
    readonly bytes: number;
    /** Reading the file: no import can be faster. */
    readonly read: Spread;
    /** Reading and hashing it. */
    readonly readAndHash: Spread;
    /** Reading, hashing, writing a copy and syncing it: the least that an import into a project has to do. */
    readonly readHashAndStore: Spread;
    /** Reading and checking the model, without storing it. */
    readonly readModel: Spread;
    /** The whole import. */
    readonly lathe: Spread;
    /** The whole import over its floor, round by round. */
    readonly overFloor: Spread;
  };
}

const DOCTOR_ROUNDS = 11;
const IMPORT_ROUNDS = 9;
const LAYERS = 25;
const WIDTH = 1024;

function measureDoctor(folder: string): StartupFigures["doctor"] {
  const doctor = [join(import.meta.dirname, "..", "..", "core", "cli", "main.ts"), "doctor", "--json"];
  const [lathe, firstEver, bareNode]: [number[], number[], number[]] = [[], [], []];
  const time = (args: readonly string[], cache: string): number => {
    const from = performance.now();
    const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, cache) };
    const { status } = spawnSync(process.execPath, args, { stdio: "ignore", env });
    if (status !== 0) throw new Error(`${args.join(" ")} ended with ${String(status)}`);
    return performance.now() - from;
  };
  time(doctor, "cache");
  for (let round = 0; round < DOCTOR_ROUNDS; round++) {
    lathe.push(time(doctor, "cache"));
    firstEver.push(time(doctor, `cache${round}`));
    bareNode.push(time(["-e", "0"], "cache"));
  }
  return { rounds: DOCTOR_ROUNDS, lathe: spread(lathe), firstEver: spread(firstEver), bareNode: spread(bareNode) };
}

/** 25 dense layers of 1024 × 1024: 100 MiB of weights. */
function writeLargeModel(path: string): void {
  const random = seededRandom(0, "weights");
  const pattern = Float32Array.from({ length: WIDTH * WIDTH }, () => random.next() - 0.5);
  const names = Array.from({ length: LAYERS }, (_, i) => `w${i}`);
  const large = model(
    graph({
      inputs: [value("x0", "float32", ["batch", WIDTH])],
      outputs: [value(`x${LAYERS}`, "float32", ["batch", WIDTH])],
      // Each layer has other bytes, so that nothing is stored once for all.
      initializers: names.map((name, i) =>
        floatTensor(
          name,
          [WIDTH, WIDTH],
          pattern.map((v) => v * (i + 1)),
        ),
      ),
      nodes: names.map((name, i) => node("MatMul", [[`x${i}`, name], [`x${i + 1}`]])),
    }),
  );
  writeFileSync(path, encodeModel(large));
}

async function measureImport(folder: string): Promise<StartupFigures["import"]> {
  const file = join(folder, "large.onnx");
  writeLargeModel(file);
  const times = {
    read: [] as number[],
    readAndHash: [] as number[],
    readHashAndStore: [] as number[],
    readModel: [] as number[],
    lathe: [] as number[],
  };
  const time = async (into: number[], work: () => unknown): Promise<void> => {
    const from = performance.now();
    await work();
    into.push(performance.now() - from);
  };
  for (let round = 0; round <= IMPORT_ROUNDS; round++) {
    const project = await createProject(join(folder, `project${round}`), {}, nodeHost);
    const copy = join(folder, `copy${round}`);
    await time(times.read, () => readFileSync(file));
    await time(times.readAndHash, () => createHash("sha256").update(readFileSync(file)).digest("hex"));
    await time(times.readHashAndStore, () => store(file, copy));
    await time(times.readModel, () => readModel(file, nodeHost));
    await time(times.lathe, () =>
      importModel(project, file, { signal: new AbortController().signal, emit: () => undefined }),
    );
    project.store.close();
    rmSync(copy);
    rmSync(join(folder, `project${round}`), { recursive: true });
  }
  // The first round compiles and fills caches.
  const counted = Object.fromEntries(Object.entries(times).map(([name, all]) => [name, all.slice(1)])) as typeof times;
  return {
    rounds: IMPORT_ROUNDS,
    bytes: statSync(file).size,
    read: spread(counted.read),
    readAndHash: spread(counted.readAndHash),
    readHashAndStore: spread(counted.readHashAndStore),
    readModel: spread(counted.readModel),
    lathe: spread(counted.lathe),
    overFloor: spread(counted.lathe.map((t, i) => t / (counted.readHashAndStore[i] ?? NaN))),
  };
}

function store(from: string, to: string): void {
  const bytes = readFileSync(from);
  createHash("sha256").update(bytes).digest("hex");
  const handle = openSync(to, "wx");
  for (let at = 0; at < bytes.byteLength;) at += writeSync(handle, bytes, at);
  fsyncSync(handle);
  closeSync(handle);
}

function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)] ?? NaN, low: sorted[0] ?? NaN, high: sorted.at(-1) ?? NaN };
}

const ms = ({ median, low, high }: Spread): string => `${median.toFixed(0)} ms (${low.toFixed(0)}–${high.toFixed(0)})`;

/** Time until a user sees something: the cold start of the command line, and bringing in a large model. */
export const bench = {
  id: "startup",
  title: "Cold start of lathe doctor, and import of a 100 MB model, each beside its floor",
  run: async (): Promise<StartupFigures> => {
    const folder = mkdtempSync(join(tmpdir(), "lathe-bench-"));
    try {
      return { doctor: measureDoctor(folder), import: await measureImport(folder) };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  print: ({ doctor, import: imported }: StartupFigures): string =>
    [
      `  lathe doctor: ${ms(doctor.lathe)}; first time ever: ${ms(doctor.firstEver)}; node alone: ${ms(doctor.bareNode)}; ${doctor.rounds} rounds in turns`,
      `  import of ${(imported.bytes / 1e6).toFixed(0)} MB: ${ms(imported.lathe)}; ${imported.rounds} rounds in turns, file cache warm`,
      `    reading the file: ${ms(imported.read)}`,
      `    reading and hashing: ${ms(imported.readAndHash)}`,
      `    reading, hashing, storing, syncing: ${ms(imported.readHashAndStore)}; the import takes ${imported.overFloor.median.toFixed(2)}× that (${imported.overFloor.low.toFixed(2)}–${imported.overFloor.high.toFixed(2)})`,
      `    reading and checking the model without storing it: ${ms(imported.readModel)}`,
    ].join("\n"),
};
