import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { createProject, openProject } from "../../core/app/project.ts";
import { seededRandom } from "../../core/base/random.ts";
import type { Trial } from "../../core/contract/trial.ts";

interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** Milliseconds. Each round opens the project anew. */
export interface StoreFigures {
  readonly trials: number;
  readonly values: number;
  readonly rounds: number;
  /** Bytes of the database. */
  readonly bytes: number;
  /** Adding all of them, a thousand at a time. */
  readonly add: number;
  readonly open: Spread;
  /** The best hundred of one job whose latency is within bounds, and how many those are. */
  readonly filter: Spread;
  readonly filtered: number;
  /** The front of accuracy and latency over all trials. */
  readonly front: Spread;
  readonly onFront: number;
  /** The front of accuracy, latency and size over the trials of one job. */
  readonly front3: Spread;
  readonly onFront3: number;
  /** Opening, filtering and both fronts together. */
  readonly all: Spread;
}

const TRIALS = 100_000;
const JOBS = 20;
const CHUNK = 1000;
const ROUNDS = 9;

/** Trials as a search leaves them: larger nets are more accurate and slower, with noise. */
function someTrials(count: number): readonly Trial[] {
  const random = seededRandom(0, "store");
  return Array.from({ length: count }, (_, number) => {
    const width = random.next();
    const depth = random.next();
    return {
      number,
      group: number % 2 === 0 ? "evolution" : "random",
      point: { width, depth, kernel: [3, 5, 7][random.integer(3)]!, expansion: 1 + random.integer(6) },
      state: random.next() < 0.02 ? ("failed" as const) : ("done" as const),
      values: {
        accuracy: 0.5 + 0.2 * Math.sqrt(width) + 0.1 * depth + 0.03 * random.normal(),
        latency: 1 + 5 * width * (0.5 + depth) + 0.2 * Math.abs(random.normal()),
        size: 1e4 + 1e6 * width * width * (1 + depth),
        macs: 1e6 + 1e8 * width * width * (1 + depth),
      },
      seconds: 10 * random.next(),
    };
  });
}

async function measure(folder: string): Promise<StoreFigures> {
  const path = join(folder, "project");
  const project = await createProject(path, {}, nodeHost);
  const trials = someTrials(TRIALS);
  const from = performance.now();
  for (let at = 0; at < TRIALS; at += CHUNK) {
    const job = `j${Math.floor((at * JOBS) / TRIALS) + 1}`;
    project.store.trials.add({ job, method: "search-evolution", run: job }, trials.slice(at, at + CHUNK), at);
  }
  const add = performance.now() - from;
  project.store.close();
  const times = { open: [] as number[], filter: [] as number[], front: [] as number[], front3: [] as number[] };
  const all: number[] = [];
  const counts = { filtered: 0, onFront: 0, onFront3: 0 };
  for (let round = 0; round <= ROUNDS; round++) {
    const start = performance.now();
    const { store } = await openProject(path, "write", nodeHost);
    const opened = performance.now();
    const filter = { job: "j7", values: { latency: { least: 2, most: 4 } } };
    store.trials.list(filter, { by: "accuracy", isDescending: true, limit: 100 });
    counts.filtered = store.trials.count(filter);
    const filtered = performance.now();
    const two = [
      { value: "accuracy", goal: "most" },
      { value: "latency", goal: "least" },
    ] as const;
    counts.onFront = store.trials.front(two).length;
    const fronted = performance.now();
    counts.onFront3 = store.trials.front([...two, { value: "size", goal: "least" }], { job: "j7" }).length;
    const end = performance.now();
    store.close();
    times.open.push(opened - start);
    times.filter.push(filtered - opened);
    times.front.push(fronted - filtered);
    times.front3.push(end - fronted);
    all.push(end - start);
  }
  return {
    trials: TRIALS,
    values: Object.keys(trials[0]?.values ?? {}).length,
    rounds: ROUNDS,
    bytes: statSync(join(path, "project.sqlite")).size,
    add,
    open: spread(times.open),
    filter: spread(times.filter),
    filtered: counts.filtered,
    front: spread(times.front),
    onFront: counts.onFront,
    front3: spread(times.front3),
    onFront3: counts.onFront3,
    all: spread(all),
  };
}

/** The first round compiles and fills caches. */
function spread([, ...values]: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)] ?? NaN, low: sorted[0] ?? NaN, high: sorted.at(-1) ?? NaN };
}

const ms = ({ median, low, high }: Spread): string => `${median.toFixed(0)} ms (${low.toFixed(0)}–${high.toFixed(0)})`;

/** What a project with many trials costs to open and to ask. */
export const bench = {
  id: "store",
  title: "Opening a project of 100,000 trials, filtering them, and computing their fronts",
  run: async (): Promise<StoreFigures> => {
    const folder = mkdtempSync(join(tmpdir(), "lathe-bench-"));
    try {
      return await measure(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  print: (f: StoreFigures): string =>
    [
      `  ${f.trials} trials of ${f.values} values, ${(f.bytes / 1e6).toFixed(0)} MB; added in ${(f.add / 1000).toFixed(1)} s; ${f.rounds} rounds`,
      `  open ${ms(f.open)}, filter ${ms(f.filter)} (${f.filtered} found), front of two ${ms(f.front)} (${f.onFront} points), front of three of one job ${ms(f.front3)} (${f.onFront3} points)`,
      `  all together ${ms(f.all)}`,
    ].join("\n"),
};
