import { listMethods } from "../app/methods.ts";
import type { Compared } from "../app/compare.ts";
import { warningsOf } from "../app/told.ts";
import type { VariantView } from "../contract/views.ts";

/** Compared variants as pages show them. */
export async function viewVariants(rows: readonly Compared[]): Promise<VariantView[]> {
  const titles = new Map((await listMethods()).map((m) => [m.id, m.title]));
  return Promise.all(rows.map(async (row) => viewVariant(row, titles, await warningsOf(row.variant))));
}

function viewVariant(row: Compared, titles: ReadonlyMap<string, string>, warnings: readonly string[]): VariantView {
  const { variant, isBaseline, bytes, sizeRatio, latency, speedUp, difference } = row;
  const { measurements, recipe } = variant;
  const method = recipe === null ? undefined : (titles.get(recipe.method) ?? recipe.method);
  const accuracy = measurements?.accuracy;
  return {
    id: variant.id,
    name: variant.name,
    at: variant.at,
    parent: variant.parent,
    isBaseline,
    recipe,
    ...(method !== undefined && { method }),
    sha256: variant.model.sha256,
    bytes,
    sizeRatio,
    isMeasured: measurements !== null,
    ...(measurements?.size && { parameters: measurements.size.parameters, macs: measurements.size.macs }),
    ...(measurements?.memory && { memory: measurements.memory.peak }),
    ...(accuracy && {
      top1: {
        value: accuracy.top1,
        low: accuracy.top1Interval.low,
        high: accuracy.top1Interval.high,
        samples: accuracy.samples,
        split: accuracy.split,
      },
    }),
    ...(difference && {
      difference: {
        value: difference.difference,
        low: difference.interval.low,
        high: difference.interval.high,
      },
    }),
    ...(latency && {
      latency: {
        value: latency.median,
        low: latency.medianInterval.low,
        high: latency.medianInterval.high,
        p95: latency.p95,
        provider: latency.provider,
        threads: latency.threads,
        batch: latency.batch,
        runs: latency.runs,
      },
    }),
    ...(speedUp && { speedUp: { value: speedUp.factor, low: speedUp.low, high: speedUp.high } }),
    warnings: [...warnings],
  };
}
