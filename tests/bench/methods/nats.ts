import { readFileSync } from "node:fs";
import { join } from "node:path";
import { quantile } from "../../../core/measure/statistics.ts";
import { hypervolumeOverTime } from "../../../core/search/hypervolume.ts";
import { nsga2Sampler } from "../../../core/search/nsga2.ts";
import { featuresOf } from "../../../core/search/features.ts";
import { fitRidge, kendallTau, meanPercentageError } from "../../../core/search/regression.ts";
import { randomSampler, type Sampler, type SamplerOptions } from "../../../core/search/sampler.ts";
import { spaceOf, type Point } from "../../../core/search/space.ts";

const OPS = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"];

/** The NATS-Bench topology space: an operation on each of the six edges of a cell of four nodes. */
export const natsSpace = spaceOf({
  type: "object",
  properties: { edges: { type: "array", items: { enum: OPS }, minItems: 6, maxItems: 6 } },
});

export interface NatsTable {
  /** Test accuracy after 200 epochs by data set, and the operations of the edges, by cell number. */
  readonly accuracy: Readonly<Record<string, readonly number[]>>;
  readonly edges: readonly (readonly string[])[];
  /** Milliseconds that were measured, by cell number. */
  readonly latency: ReadonlyMap<number, number>;
}

/** All 15,625 cells, and the 2,000 or so of them whose latency nn-Meter measured on a device. */
export function readNats(data: string, device: string): NatsTable {
  const folder = join(data, "nas");
  const rows = readFileSync(join(folder, "nats-bench-tss-csv", "nats_bench.csv"), "utf8")
    .trim()
    .split(/\r?\n/)
    .slice(1);
  const cells = rows.map((row) => row.split(","));
  const column = (i: number): readonly number[] => cells.map((c) => Number(c[i]));
  const log = join(folder, "nn-meter-latency", "data", "model_latency", device, "nasbench201-log.csv");
  const measured = readFileSync(log, "utf8")
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(","));
  return {
    accuracy: { "CIFAR-10": column(0), "CIFAR-100": column(1), "ImageNet16-120": column(2) },
    edges: cells.map((c) => [...c[3]!.matchAll(/\|?([a-z_0-9]+)~\d/g)].map((m) => m[1]!)),
    latency: new Map(measured.map((c) => [Number(c[1]!.split("_")[1]), Number(c[2])])),
  };
}

export interface Comparison {
  readonly device: string;
  readonly dataset: string;
  /** "measured": only cells whose latency was measured. "all": the others' latency is predicted. */
  readonly cells: "measured" | "all";
  readonly count: number;
  readonly trials: number;
  readonly runs: number;
  /** Share of the whole table's hypervolume after all trials: quartiles over the runs. */
  readonly random: readonly [number, number, number];
  readonly evolution: readonly [number, number, number];
  /** Share of pairs of runs in which evolution has more. */
  readonly wins: number;
  /** Trials after which evolution's median is where random search's ends. */
  readonly reached: number;
  /** Of the prediction for cells that were not measured, over left-out ones. */
  readonly predictor?: { readonly error: number; readonly tau: number };
}

export interface CompareOptions {
  readonly device: string;
  readonly dataset: string;
  readonly cells: "measured" | "all";
  readonly trials: number;
  readonly runs: number;
}

/** Evolution and random search over a table, many times with other seeds. */
export function compareOnNats(data: string, { device, dataset, cells, trials, runs }: CompareOptions): Comparison {
  const table = readNats(data, device);
  const accuracy = table.accuracy[dataset]!;
  const keys = new Map(table.edges.map((edges, i) => [edges.join(), i]));
  const numberOf = (point: Point): number => keys.get((point as { readonly edges: readonly string[] }).edges.join())!;
  const features = (i: number): readonly number[] => featuresOf(natsSpace, { edges: table.edges[i]! });
  const latency = new Map(table.latency);
  let predictor: Comparison["predictor"];
  if (cells === "all") {
    const known = [...table.latency];
    const truth = known.map(([, ms]) => ms);
    const fit = fitRidge(
      known.map(([i]) => withProducts(features(i))),
      truth,
    );
    predictor = { error: meanPercentageError(fit.leftOut, truth), tau: kendallTau(fit.leftOut, truth) };
    const least = truth.reduce((fastest, ms) => Math.min(fastest, ms), Infinity);
    for (const i of table.edges.keys()) {
      if (!latency.has(i)) latency.set(i, Math.max(least, fit.predict(withProducts(features(i)))));
    }
  }
  const slowest = [...latency.values()].reduce((most, ms) => Math.max(most, ms), 0);
  const costs = (i: number): readonly number[] => [1 - accuracy[i]! / 100, latency.get(i)! / slowest];
  const reference = [0.9, 1];
  const whole = hypervolumeOverTime([...latency.keys()].map(costs), reference).at(-1)!;
  const curve = (start: (options: SamplerOptions) => Sampler, seed: number): readonly number[] => {
    let sampler = start({ space: natsSpace, seed, accepts: (point) => latency.has(numberOf(point)) });
    const found: (readonly number[])[] = [];
    for (let t = 0; t < trials; t++) {
      const { point, budget } = sampler.ask()!;
      found.push(costs(numberOf(point)));
      sampler = sampler.tell({ point, budget, costs: found.at(-1)!, violation: 0 });
    }
    return hypervolumeOverTime(found, reference).map((v) => v / whole);
  };
  const seeds = Array.from({ length: runs }, (_, i) => i);
  const random = seeds.map((seed) => curve(randomSampler, seed));
  const evolution = seeds.map((seed) => curve(nsga2Sampler, seed));
  const ends = (curves: readonly (readonly number[])[]): readonly number[] => curves.map((c) => c.at(-1)!);
  const quartiles = (values: readonly number[]): [number, number, number] => [
    quantile(values, 0.25),
    quantile(values, 0.5),
    quantile(values, 0.75),
  ];
  const [randomEnds, evolutionEnds] = [ends(random), ends(evolution)];
  const pairs = randomEnds.flatMap((r) => evolutionEnds.map((e) => (e > r ? 1 : e === r ? 0.5 : 0)));
  const median = quantile(randomEnds, 0.5);
  const reached = Array.from({ length: trials }, (_, t) => t).find(
    (t) =>
      quantile(
        evolution.map((c) => c[t]!),
        0.5,
      ) >= median,
  );
  return {
    device,
    dataset,
    cells,
    count: latency.size,
    trials,
    runs,
    random: quartiles(randomEnds),
    evolution: quartiles(evolutionEnds),
    wins: pairs.reduce<number>((sum, p) => sum + p, 0) / pairs.length,
    reached: (reached ?? trials) + 1,
    ...(predictor && { predictor }),
  };
}

/** One-hot features and all their products: an operation costs only where both of its ends are reached. */
function withProducts(features: readonly number[]): readonly number[] {
  const products = features.flatMap((a, i) => features.slice(i + 1).map((b) => a * b));
  return [...features, ...products];
}
