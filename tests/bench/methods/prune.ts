import { nodeHost } from "../../../core/app/nodeHost.ts";
import type { Json } from "../../../core/base/json.ts";
import type { Recipe } from "../../../core/contract/project.ts";
import { timeModels } from "../../../core/measure/timeModels.ts";
import type { Findings } from "../../../core/methods/prune-channels/findings.ts";
import type { MethodResult } from "../../../core/methods/define.ts";
import { openResnet20, startOf, trainDense } from "./cifar.ts";
import { percentRight, readSteps, runRecipe, type Lesson } from "./lesson.ts";
import { mean, once, type Claim, type Row, type Section, type SectionOptions } from "./section.ts";

interface Found {
  /** Percent of the test images that are right. */
  readonly accuracy: number;
  /** Percent of the arithmetic and of the weights that are left. */
  readonly macs?: number;
  readonly parameters?: number;
  /** Latency before over latency after, one thread, one sample. */
  readonly speed?: number;
}

/** Half of the arithmetic of ResNet-20 gone, on CIFAR-10: first a block that matters little, then channels. */
export const section: Section = {
  id: "prune",
  title: "ResNet-20 with half of its arithmetic on CIFAR-10",
  run: async (options) => {
    const { dataset, lesson } = await openResnet20(options);
    try {
      const start = await startOf(options, lesson(0));
      const steps = await readSteps("prune-half");
      const all: Record<keyof All, Found[]> = { pruned: [], dense: [], uniform: [], random: [] };
      // Seed by seed, so that a bench that was stopped has whole comparisons.
      for (const seed of options.seeds) {
        const own = await prune(options, steps, lesson(seed));
        all.pruned.push(own);
        all.dense.push({ accuracy: await trainDense(options, steps.at(-1)!, lesson(seed)) });
        all.uniform.push(await prune(options, narrower(steps, own.macs!), lesson(seed)));
        all.random.push(await prune(options, atRandom(steps), lesson(seed)));
      }
      return { rows: rowsOf(start, all), claims: claimsOf(all) };
    } finally {
      await dataset.close();
    }
  },
};

const changed = (recipe: Recipe, params: Readonly<Record<string, Json>>): Recipe => ({
  ...recipe,
  params: { ...recipe.params, ...params },
});

/** The same share of every layer's channels gone, down to the percentage of the arithmetic, and no block. */
function narrower(steps: readonly Recipe[], macs: number): readonly Recipe[] {
  const remove = Math.floor(100 - macs) / 100;
  return [changed(steps.at(-1)!, { remove, schedule: "one-shot", scope: "layer", multiple: 1 })];
}

/** As many blocks and as much arithmetic gone, but drawn. */
function atRandom([blocks, channels]: readonly Recipe[]): readonly Recipe[] {
  return [
    changed(blocks!, { importance: "random" }),
    changed(channels!, { schedule: "one-shot", importance: "random", perCost: false }),
  ];
}

function prune(options: SectionOptions, steps: readonly Recipe[], lesson: Lesson): Promise<Found> {
  return once(options.folder, { steps: steps as unknown as Json, seed: lesson.seed }, async () => {
    const { importance, scope } = steps.at(-1)!.params;
    options.say(`${steps.length} steps, ${JSON.stringify([importance, scope])}, seed ${lesson.seed}`);
    const results: MethodResult<Json>[] = [];
    for (const step of steps) {
      const model = results.at(-1)?.model ?? lesson.model;
      results.push(await runRecipe(options, step, { ...lesson, model }));
    }
    const { model } = results.at(-1)!;
    const costs = results.map(({ findings }) => (findings as unknown as Findings).costs);
    const [before, own] = [costs[0]?.[0], costs.at(-1)?.[1]];
    const timing = { session: { threads: 1 }, batch: 1, seed: lesson.seed, seconds: 4, host: nodeHost };
    const [whole = 0, left = 1] = await timeModels([lesson.model, model], { ...timing, signal: options.signal });
    return {
      accuracy: await percentRight(model, lesson.split("test"), "test"),
      macs: (100 * (own?.macs ?? 0)) / (before?.macs ?? 1),
      parameters: (100 * (own?.parameters ?? 0)) / (before?.parameters ?? 1),
      speed: whole / left,
    };
  });
}

interface All {
  readonly pruned: readonly Found[];
  readonly dense: readonly Found[];
  readonly uniform: readonly Found[];
  readonly random: readonly Found[];
}

const TITLES: Readonly<Record<keyof All, string>> = {
  pruned: "pruned",
  dense: "not pruned, trained as long",
  uniform: "narrower everywhere",
  random: "random blocks and channels",
};

function rowsOf(start: number, all: All): Row[] {
  const metrics = [
    ["test accuracy", "%", (f: Found) => f.accuracy],
    ["MACs left", "%", (f: Found) => f.macs],
    ["parameters left", "%", (f: Found) => f.parameters],
    ["speed, one thread", "×", (f: Found) => f.speed],
  ] as const;
  const rows = (Object.keys(TITLES) as (keyof All)[]).flatMap((key) =>
    metrics.map(([metric, unit, of]): Row => {
      const values = all[key].map(of).filter((v) => v !== undefined);
      return { what: TITLES[key], metric, unit, values };
    }),
  );
  const whole: Row = { what: "ResNet-20 as it comes", metric: "test accuracy", unit: "%", values: [start] };
  return [whole, ...rows.filter((row) => row.values.length > 0)];
}

function claimsOf({ pruned, dense, uniform, random }: All): Claim[] {
  const of = (found: readonly Found[]): number => mean(found.map((f) => f.accuracy));
  const speed = mean(pruned.map((f) => f.speed ?? 0));
  const macs = Math.max(...pruned.map((f) => f.macs ?? 100));
  const beats = (what: string, others: readonly Found[]): Claim => ({
    text: `it beats ${what}`,
    holds: of(pruned) > of(others),
    measured: `${of(pruned).toFixed(2)} against ${of(others).toFixed(2)} %`,
  });
  return [
    { text: "half of the arithmetic is gone", holds: macs <= 50, measured: `${macs.toFixed(1)} % are left` },
    {
      text: "it loses at most 2 points against the whole model trained as long",
      holds: of(dense) - of(pruned) <= 2,
      measured: `${(of(dense) - of(pruned)).toFixed(2)} points (${of(dense).toFixed(2)} to ${of(pruned).toFixed(2)} %)`,
    },
    beats("a net that is narrower everywhere", uniform),
    beats("random blocks and channels", random),
    {
      text: "its measured latency falls by at least 1.5×",
      holds: speed >= 1.5,
      measured: `${speed.toFixed(2)}×`,
    },
  ];
}
