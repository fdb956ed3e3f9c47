import type { Json } from "../../../core/base/json.ts";
import type { Recipe } from "../../../core/contract/project.ts";
import type { Findings } from "../../../core/methods/sparsify-weights/findings.ts";
import { openResnet20, startOf, trainDense } from "./cifar.ts";
import { percentRight, readRecipe, runRecipe, type Lesson } from "./lesson.ts";
import { mean, once, type Claim, type Row, type Section, type SectionOptions } from "./section.ts";

interface Trained {
  /** Percent of the test images that are right. */
  readonly accuracy: number;
}

interface Sparse extends Trained {
  /** Percent of all weights that are zero. */
  readonly zeros: number;
  /** Times that the dense file is larger. */
  readonly smaller: number;
  /** Latency before over latency after. */
  readonly speedup: number;
}

/** All of one seed. */
interface Found {
  readonly groups: Sparse;
  readonly free: Sparse;
  /** The dense model trained for as long, with the same teacher. */
  readonly denseGroups: Trained;
  readonly denseFree: Trained;
  /** As sparse by chance. */
  readonly random: Sparse;
}

/** 80 % of the weights of ResNet-20 zero, and two of four, on CIFAR-10. */
export const section: Section = {
  id: "sparse",
  title: "Sparse ResNet-20 on CIFAR-10",
  run: async (options) => {
    const { dataset, lesson } = await openResnet20(options);
    try {
      const start = await startOf(options, lesson(0));
      const [free, groups] = [await readRecipe("sparse-80"), await readRecipe("sparse-2-4")];
      const found: Found[] = [];
      // One seed after the other, so that a bench that is stopped has whole ones.
      for (const seed of options.seeds) {
        const own = lesson(seed);
        found.push({
          groups: await sparse(options, groups, own),
          free: await sparse(options, free, own),
          denseGroups: { accuracy: await trainDense(options, groups, own) },
          denseFree: { accuracy: await trainDense(options, free, own) },
          random: await sparse(options, withCriterion(free, "random"), own),
        });
      }
      return { rows: rowsOf(start, found), claims: claimsOf(start, found) };
    } finally {
      await dataset.close();
    }
  },
};

const withCriterion = (recipe: Recipe, criterion: string): Recipe => ({
  ...recipe,
  params: { ...recipe.params, criterion },
});

function sparse(options: SectionOptions, recipe: Recipe, lesson: Lesson): Promise<Sparse> {
  return once(options.folder, { recipe: recipe as unknown as Json, seed: lesson.seed }, async () => {
    const { pattern, criterion } = recipe.params as { readonly pattern: string; readonly criterion: string };
    options.say(`${pattern} by ${criterion}, seed ${lesson.seed}`);
    const { model, findings } = await runRecipe(options, recipe, lesson);
    const { layers, sizes, gate } = findings as unknown as Findings;
    const sum = (of: (layer: Findings["layers"][number]) => number): number => layers.reduce((s, l) => s + of(l), 0);
    return {
      accuracy: await percentRight(model, lesson.split("test"), "test"),
      zeros: (100 * sum((l) => l.zeros)) / sum((l) => l.elements),
      smaller: sizes.before.file / sizes.after.bitmapDeflated,
      speedup: gate.speedup,
    };
  });
}

function rowsOf(start: number, found: readonly Found[]): Row[] {
  const accuracy = (what: string, of: (one: Found) => Trained): Row => ({
    what,
    metric: "test accuracy",
    unit: "%",
    values: found.map((one) => of(one).accuracy),
  });
  const facts = (what: string, of: (one: Found) => Sparse): Row[] => [
    { what, metric: "weights that are zero", unit: "%", values: found.map((one) => of(one).zeros) },
    { what, metric: "dense file over bitmap, deflated", unit: "×", values: found.map((one) => of(one).smaller) },
    { what, metric: "speed against dense", unit: "×", values: found.map((one) => of(one).speedup) },
  ];
  return [
    { what: "ResNet-20 as it comes", metric: "test accuracy", unit: "%", values: [start] },
    accuracy("80 % free", (one) => one.free),
    accuracy("dense, trained as long as 80 %", (one) => one.denseFree),
    accuracy("80 % at random", (one) => one.random),
    accuracy("2:4", (one) => one.groups),
    accuracy("dense, trained as long as 2:4", (one) => one.denseGroups),
    ...facts("80 % free", (one) => one.free),
    ...facts("2:4", (one) => one.groups),
  ];
}

function claimsOf(start: number, found: readonly Found[]): Claim[] {
  const of = (choose: (one: Found) => Trained): number => mean(found.map((one) => choose(one).accuracy));
  const loses = (text: string, sparse: number, { most, beside }: { most: number; beside: number }): Claim => ({
    text,
    holds: beside - sparse <= most,
    measured: `${(beside - sparse).toFixed(2)} points (${beside.toFixed(2)} to ${sparse.toFixed(2)} %)`,
  });
  const [free, groups, random] = [of((f) => f.free), of((f) => f.groups), of((f) => f.random)];
  const [denseFree, denseGroups] = [of((f) => f.denseFree), of((f) => f.denseGroups)];
  return [
    loses("80 % unstructured sparsity loses at most 1.5 points", free, { most: 1.5, beside: start }),
    loses("the same against the dense model trained as long", free, { most: 1.5, beside: denseFree }),
    loses("2:4 loses at most 1 point", groups, { most: 1, beside: start }),
    loses("the same against the dense model trained as long", groups, { most: 1, beside: denseGroups }),
    {
      text: "weights chosen by magnitude beat as many chosen at random",
      holds: free > random,
      measured: `${free.toFixed(2)} against ${random.toFixed(2)} %`,
    },
  ];
}
