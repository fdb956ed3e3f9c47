import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Json } from "../../../core/base/json.ts";
import { seededRandom } from "../../../core/base/random.ts";
import type { ImagePreprocessing } from "../../../core/contract/preprocessing.ts";
import { sampleStream } from "../../../core/data/batches.ts";
import { openDataset } from "../../../core/data/open.ts";
import { planSplits } from "../../../core/data/splits.ts";
import { accuracyOf, subnetMaker } from "../../../core/methods/search-supernet/evaluate.ts";
import { params as supernetParams, type Params } from "../../../core/methods/search-supernet/params.ts";
import {
  drawSubnet,
  elasticSpaceOf,
  smallestSubnet,
  subnetSpace,
} from "../../../core/methods/search-supernet/subnets.ts";
import { trainSupernet } from "../../../core/methods/search-supernet/train.ts";
import { nodeHost } from "../../../core/app/nodeHost.ts";
import { timeModels } from "../../../core/methods/searchLatency.ts";
import { netSpace } from "../../../core/methods/searchSpace.ts";
import { extendTable, fitLatency, latencyFeatures } from "../../../core/methods/searchTable.ts";
import { samplePoint } from "../../../core/search/points.ts";
import type { PredictorFindings, SearchFindings } from "../../../core/methods/searchFindings.ts";
import { samplesOf } from "../../../core/methods/searchNets.ts";
import { trialPlan } from "../../../core/methods/searchParams.ts";
import type { TrialLog } from "../../../core/methods/define.ts";
import { openTrialLog } from "../../../core/app/trialLog.ts";
import { findMethod } from "../../../core/methods/catalogue.ts";
import { train } from "../../../core/train/train.ts";
import { findNet } from "../../../core/zoo/catalogue.ts";
import type { StagedParams } from "../../../core/zoo/staged.ts";
import { halfSize } from "./halfSize.ts";
import { contextOf, readRecipe, type Lesson } from "./lesson.ts";
import { compareOnNats, type Comparison, type CompareOptions } from "./nats.ts";
import { mean, once, type Claim, type Row, type Section, type SectionOptions } from "./section.ts";

const SAMPLE = resolve(import.meta.dirname, "..", "..", "..", "samples", "fashion-mnist");
/** Halved, so that hundreds of nets can be trained in minutes. */
const TASK = { input: [1, 14, 14], classes: 10 };
/** Of the sample's 6,000 training images; its 1,000 test images are looked at once, at the end. */
const SPLITS = { seed: 0, given: true, train: 0.9, validation: 0.1, test: 0, calibration: 0 };
const FASHION: ImagePreprocessing = {
  kind: "image",
  channels: "grey",
  height: 14,
  width: 14,
  resize: "none",
  interpolation: "bilinear",
  scale: 1 / 255,
  mean: [0.286],
  std: [0.353],
  layout: "nchw",
  type: "float32",
};

const NATS: readonly CompareOptions[] = [
  ...["cpu", "gpu", "gpu1", "vpu"].map((device) => ({ device, dataset: "CIFAR-100", cells: "measured" as const })),
  { device: "cpu", dataset: "CIFAR-10", cells: "measured" as const },
  { device: "cpu", dataset: "ImageNet16-120", cells: "measured" as const },
  { device: "cpu", dataset: "CIFAR-100", cells: "all" as const },
].map((of) => ({ ...of, trials: 200, runs: 100 }));

/** Evolution against random search, on tables and live, and nets of a supernet against the same nets trained alone. */
export const section: Section = {
  id: "search",
  title: "Architecture search",
  run: async (options) => {
    const nats: Comparison[] = [];
    for (const of of NATS) {
      options.say(`NATS-Bench, ${of.dataset}, ${of.device}, ${of.cells} cells`);
      nats.push(
        await once(options.folder, { nats: { ...of } }, () => Promise.resolve(compareOnNats(options.data, of))),
      );
    }
    const dataset = halfSize(await openDataset(SAMPLE));
    try {
      const splits = planSplits(dataset, SPLITS);
      const split: Lesson["split"] = (name) => sampleStream(dataset, { indices: splits[name], preprocessing: FASHION });
      const model = findNet("staged").build({ ...TASK, seed: 0 });
      options.say("latency of blocks and nets");
      const predictor = await once(options.folder, { predictor: TIMED, task: [...INPUT_SIZE] }, () =>
        predictLatency(options),
      );
      const live: LiveFigures[] = [];
      const shared: SharedFigures[] = [];
      for (const seed of options.seeds) {
        live.push(await searchLive(options, { model, split, seed }));
        shared.push(await compareShared(options, { model, split, seed }));
      }
      return {
        rows: [...natsRows(nats), ...predictorRows(predictor), ...liveRows(live), ...sharedRows(shared)],
        claims: claims(nats, live, shared),
      };
    } finally {
      await dataset.close();
    }
  },
};

/** Nets that are measured whole for the predictor of latency, at the size of Fashion-MNIST. */
const TIMED = 24;
const INPUT_SIZE = [1, 28, 28] as const;

/** How well a table of blocks and a fit predict the latency of random nets of the family "staged" on this machine. */
async function predictLatency({ signal }: SectionOptions): Promise<PredictorFindings> {
  const nets = netSpace("staged", "", { input: INPUT_SIZE, classes: 10 });
  const random = seededRandom(0, "timed");
  const points = Array.from({ length: TIMED }, () => samplePoint(nets.space, random));
  const architectures = points.map(nets.describe);
  const timing = { session: { threads: 1 }, host: nodeHost, signal, seed: 0 };
  const table = await extendTable({}, architectures, timing);
  const times = await timeModels(
    points.map((point) => nets.build(point, 0)),
    timing,
  );
  const measured = architectures.map((net, i) => ({ features: latencyFeatures(net, table), latency: times[i]! }));
  return fitLatency({ table, nets: measured }).findings;
}

function predictorRows({ nets, blocks, error, tau, sum }: PredictorFindings): readonly Row[] {
  const what = `latency of ${nets} nets here, ${blocks} blocks`;
  return [
    { what, metric: "error of the fit, left out", unit: "%", values: [100 * error] },
    { what, metric: "Kendall's τ of the fit, left out", unit: "", values: [tau] },
    { what, metric: "error of the table's sum", unit: "%", values: [100 * sum.error] },
    { what, metric: "Kendall's τ of the table's sum", unit: "", values: [sum.tau] },
  ];
}

interface LiveFigures {
  /** Share of the box that is dominated, after all nets. */
  readonly random: number;
  readonly evolution: number;
  /** Relative improvement of the best accuracy over the mean random net. */
  readonly improvement: number;
  readonly best: number;
}

/** A search that was interrupted goes on with the net it was at. */
async function searchLive(options: SectionOptions, lesson: Lesson): Promise<LiveFigures> {
  const recipe = await readRecipe("search-live");
  return once(options.folder, { recipe: recipe as unknown as Json, seed: lesson.seed }, async () => {
    const method = await findMethod(recipe.method);
    const context = await contextOf(options, lesson, { recipe });
    const log = openTrialLog(join(context.work.folder, "trials.jsonl"), () => undefined);
    const trials: TrialLog = log;
    const { findings } = await method.run({ ...context, trials, params: method.parse(recipe.params) });
    log.close();
    await rm(context.work.folder, { recursive: true });
    const { groups, improvement } = findings as unknown as SearchFindings;
    const last = (group: string): number => groups.find((g) => g.group === group)!.hypervolume.at(-1)!;
    const accuracies = groups.find((g) => g.group === "evolution")!.nets.map((n) => n.values["accuracy"] ?? 0);
    return {
      random: last("random"),
      evolution: last("evolution"),
      improvement: improvement!.relative,
      best: Math.max(...accuracies),
    };
  });
}

/** Test accuracies of subnets, taken from the supernet and trained alone on as many samples. */
type SharedFigures = readonly { readonly net: string; readonly shared: number; readonly alone: number }[];

async function compareShared(options: SectionOptions, lesson: Lesson): Promise<SharedFigures> {
  const recipe = await readRecipe("search-supernet");
  const of = { recipe: recipe as unknown as Json, seed: lesson.seed };
  return once(options.folder, of, async () => {
    const params: Params = supernetParams.parse(recipe.params);
    const context = await contextOf(options, lesson, of);
    const { session, host, signal, work, seed, split } = context;
    const { training } = samplesOf({ split: split!, seed, params });
    const test = split!("test");
    const space = elasticSpaceOf(TASK, params);
    const plan = trialPlan(params, params.epochs);
    const common = { seed, session, host, signal };
    options.say(`supernet, seed ${seed}`);
    const supernet = await trainSupernet({
      ...common,
      space,
      plan,
      random: params.random,
      distill: params.distill,
      training,
      emit: context.emit,
      saving: { path: join(work.folder, "supernet"), key: work.key },
    });
    const { net, model } = supernet;
    const maker = subnetMaker({ ...common, space, net, model, training, calibration: 512, batch: 64 });
    const random = seededRandom(seed, "drawn");
    const nets: readonly (readonly [string, StagedParams])[] = [
      ["largest", net.largest],
      ["smallest", smallestSubnet(space)],
      ["drawn 1", drawSubnet(subnetSpace(space), random)],
      ["drawn 2", drawSubnet(subnetSpace(space), random)],
    ];
    const found: SharedFigures[number][] = [];
    for (const [name, subnet] of nets) {
      const taken = await maker.take(subnet);
      await maker.verify(subnet, taken);
      const shared = await accuracyOf(taken, test, common);
      const alone = await once(work.folder, { name }, async () => {
        options.say(`seed ${seed}, ${name} alone`);
        const trained = await train({
          ...common,
          model: findNet("staged").build({ ...TASK, params: subnet, seed }),
          plan,
          training,
          emit: () => undefined,
          saving: { path: join(work.folder, name), key: work.key },
        });
        return accuracyOf(trained.model, test, common);
      });
      found.push({ net: name, shared, alone });
      options.say(`seed ${seed}, ${name}: ${(100 * shared).toFixed(1)} % shared, ${(100 * alone).toFixed(1)} % alone`);
    }
    await rm(work.folder, { recursive: true });
    return found;
  });
}

function natsRows(nats: readonly Comparison[]): readonly Row[] {
  return nats.flatMap((c) => {
    const what = `NATS-Bench ${c.dataset}, ${c.device}, ${c.count} cells, ${c.trials} tries, ${c.runs} runs`;
    const share = (metric: string, [low, median, high]: Comparison["random"]): readonly Row[] => [
      { what, metric: `hypervolume of ${metric}, quartile`, unit: "% of all", values: [100 * low] },
      { what, metric: `hypervolume of ${metric}, median`, unit: "% of all", values: [100 * median] },
      { what, metric: `hypervolume of ${metric}, upper quartile`, unit: "% of all", values: [100 * high] },
    ];
    return [
      ...share("random", c.random),
      ...share("evolution", c.evolution),
      { what, metric: "pairs of runs that evolution wins", unit: "%", values: [100 * c.wins] },
      ...(c.predictor === undefined
        ? []
        : [
            { what, metric: "error of predicted latency, left out", unit: "%", values: [100 * c.predictor.error] },
            { what, metric: "Kendall's τ of predicted latency, left out", unit: "", values: [c.predictor.tau] },
          ]),
    ];
  });
}

function liveRows(live: readonly LiveFigures[]): readonly Row[] {
  const what = "Fashion-MNIST at 14×14, 32 nets each";
  return [
    { what, metric: "hypervolume, random", unit: "% of the box", values: live.map((l) => 100 * l.random) },
    { what, metric: "hypervolume, evolution", unit: "% of the box", values: live.map((l) => 100 * l.evolution) },
    { what, metric: "gain over the mean random net", unit: "%", values: live.map((l) => 100 * l.improvement) },
    { what, metric: "best validation accuracy of evolution", unit: "%", values: live.map((l) => 100 * l.best) },
  ];
}

function sharedRows(shared: readonly SharedFigures[]): readonly Row[] {
  return (shared[0] ?? []).flatMap(({ net }, i): readonly Row[] => {
    const what = `supernet on Fashion-MNIST at 14×14, ${net}`;
    return [
      { what, metric: "test accuracy, shared", unit: "%", values: shared.map((s) => 100 * s[i]!.shared) },
      { what, metric: "test accuracy, alone", unit: "%", values: shared.map((s) => 100 * s[i]!.alone) },
    ];
  });
}

function claims(
  nats: readonly Comparison[],
  live: readonly LiveFigures[],
  shared: readonly SharedFigures[],
): readonly Claim[] {
  const shares = shared.flatMap((s) => s.map((n) => n.shared / n.alone));
  const wins = live.filter((l) => l.evolution > l.random).length;
  return [
    {
      text: "Evolution beats random search in hypervolume on NATS-Bench, lower quartile against upper, on every device and data set",
      holds: nats.every((c) => c.evolution[0] > c.random[2]),
      measured: nats
        .map((c) => `${c.device} ${c.dataset} ${c.cells}: ${(100 * c.wins).toFixed(0)} % of pairs`)
        .join("; "),
    },
    {
      text: "Evolution beats random search in hypervolume on a live space, on average",
      holds: mean(live.map((l) => l.evolution)) > mean(live.map((l) => l.random)),
      measured: `${mean(live.map((l) => l.evolution)).toFixed(4)} against ${mean(live.map((l) => l.random)).toFixed(4)}; ${wins} of ${live.length} seeds`,
    },
    {
      text: "Subnets of the supernet reach 98 % of the same nets trained alone on as many samples, on average",
      holds: mean(shares) >= 0.98,
      measured: `mean ${(100 * mean(shares)).toFixed(1)} %, least ${(100 * Math.min(...shares)).toFixed(1)} %`,
    },
  ];
}
