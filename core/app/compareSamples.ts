import type { ClassComparison, ClassFigure, Disagreement, Disagreements } from "../contract/compare.ts";
import type { Accuracy } from "../contract/measurement.ts";
import type { Variant } from "../contract/project.ts";
import type { Predictions } from "../measure/accuracy.ts";
import { pairedDifference, wilsonInterval } from "../measure/statistics.ts";
import type { Comparison } from "./compare.ts";
import { readPredictions } from "./predictions.ts";
import type { Project } from "./project.ts";

/** What each variant predicted of the samples on which the baseline was measured; undefined where it was not asked. */
async function predictionsOf(
  project: Project,
  { rows, baseline }: Comparison,
): Promise<readonly (Predictions | undefined)[]> {
  const data = baseline.measurements?.accuracy?.data;
  return Promise.all(
    rows.map(async ({ variant }) => {
      const accuracy = variant.measurements?.accuracy;
      return accuracy === undefined || accuracy.data !== data ? undefined : readPredictions(project, accuracy);
    }),
  );
}

const labelsOf = (variant: Variant): readonly string[] =>
  (variant.measurements?.accuracy?.perClass ?? []).map((c) => c.label);

/** Accuracy class by class, with Wilson intervals; differences from the baseline are paired. 95 % each. */
export async function compareClasses(project: Project, comparison: Comparison): Promise<ClassComparison> {
  const { rows, baseline } = comparison;
  const predicted = await predictionsOf(project, comparison);
  const first = predicted[0];
  const labels = labelsOf(baseline);
  return {
    classes: labels.map((label, i) => ({
      label,
      samples: baseline.measurements?.accuracy?.perClass[i]?.samples ?? 0,
      figures: rows.map(({ variant, isBaseline }, v) =>
        classFigure(variant.measurements?.accuracy, label, {
          index: i,
          first: isBaseline ? undefined : first,
          own: predicted[v],
        }),
      ),
    })),
  };
}

interface Paired {
  readonly index: number;
  readonly first: Predictions | undefined;
  readonly own: Predictions | undefined;
}

function classFigure(accuracy: Accuracy | undefined, label: string, { index, first, own }: Paired): ClassFigure | null {
  const found = accuracy?.perClass.find((c) => c.label === label);
  if (found === undefined || found.samples === 0) return null;
  const { low, high } = wilsonInterval(found.correct, found.samples);
  const value = { value: found.correct / found.samples, low, high };
  if (first === undefined || own === undefined) return value;
  let [gained, lost, samples] = [0, 0, 0];
  own.labels.forEach((truth, i) => {
    if (truth !== index) return;
    samples++;
    const [was, is] = [first.predictions[i] === truth, own.predictions[i] === truth];
    if (is && !was) gained++;
    if (was && !is) lost++;
  });
  if (samples === 0) return value;
  const { difference, interval } = pairedDifference(gained, lost, samples);
  return { ...value, difference: { value: difference, low: interval.low, high: interval.high } };
}

export interface DisagreementOptions {
  readonly which: Disagreement;
  /** Only samples of this class. */
  readonly label?: string | undefined;
  readonly offset: number;
  readonly limit: number;
}

/** Samples that the variants answer differently, in the order of the data set. */
export async function findDisagreements(
  project: Project,
  comparison: Comparison,
  { which, label, offset, limit }: DisagreementOptions,
): Promise<Disagreements> {
  const predicted = await predictionsOf(project, comparison);
  const labels = labelsOf(comparison.baseline);
  const [first] = predicted;
  const others = predicted.slice(1).filter((p) => p !== undefined);
  if (first === undefined || others.length === 0) return { total: 0, samples: 0, classes: [], rows: [] };
  const counts = new Map<number, number>();
  const found: number[] = [];
  first.indices.forEach((_, i) => {
    if (!isFound(which, i, [first, ...others])) return;
    const truth = first.labels[i]!;
    counts.set(truth, (counts.get(truth) ?? 0) + 1);
    if (label === undefined || labels[truth] === label) found.push(i);
  });
  const name = (of: number | undefined): string => labels[of ?? -1] ?? String(of);
  return {
    total: found.length,
    samples: first.indices.length,
    classes: [...counts].map(([of, count]) => ({ label: name(of), count })).toSorted((a, b) => b.count - a.count),
    rows: found.slice(offset, offset + limit).map((i) => ({
      index: first.indices[i]!,
      label: name(first.labels[i]),
      answers: predicted
        .map(
          (p) =>
            p && {
              label: name(p.predictions[i]),
              confidence: p.confidence[i]!,
              isRight: p.predictions[i] === p.labels[i],
            },
        )
        .map((answer) => answer ?? null),
    })),
  };
}

function isFound(
  which: Disagreement,
  i: number,
  [first, ...others]: readonly [Predictions, ...Predictions[]],
): boolean {
  const truth = first.labels[i];
  const wasRight = first.predictions[i] === truth;
  switch (which) {
    case "any":
      return others.some((p) => p.predictions[i] !== first.predictions[i]);
    case "lost":
      return wasRight && others.some((p) => p.predictions[i] !== truth);
    case "gained":
      return !wasRight && others.some((p) => p.predictions[i] === truth);
  }
}
