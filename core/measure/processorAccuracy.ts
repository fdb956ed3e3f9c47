import type { Host } from "../base/host.ts";
import { processor as processors, type Processor } from "../contract/device.ts";
import type { ProcessorAccuracy } from "../contract/measurement.ts";
import type { SampleStream } from "../data/batches.ts";
import type { Model } from "../graph/model.ts";
import { thisProcessor } from "../runtime/machine.ts";
import { withSession, type SessionOptions } from "../runtime/session.ts";
import { emulateSaturation } from "../transform/emulateSaturation.ts";
import { measureAccuracy, type AccuracyOptions, type MeasuredAccuracy } from "./accuracy.ts";

export interface ProcessorOptions extends AccuracyOptions {
  readonly session: SessionOptions;
  readonly host: Host;
}

const saturates = (processor: Processor): boolean => processor === "x86";

/**
 * Accuracy by kind of processor: as measured here, and as emulated for those that add up eight-bit products otherwise.
 * Without the runtime's rewriting the pairs of a quantised model are computed in float, which is what exact sums give.
 * @param model constants in memory
 * @param own what was measured here, on the same samples
 * @returns undefined for models without integer layers
 */
export async function accuracyByProcessor(
  model: Model,
  { stream, own }: { readonly stream: SampleStream; readonly own: MeasuredAccuracy },
  { session, host, ...options }: ProcessorOptions,
): Promise<ProcessorAccuracy[] | undefined> {
  const emulated = emulateSaturation(model);
  if (emulated.integerLayers === 0) return undefined;
  const here = await thisProcessor();
  const isEverywhereEqual = emulated.layers.length === 0;
  const { top1, top1Interval } = own.accuracy;
  const run = { top1, top1Interval };
  let other = run;
  if (!isEverywhereEqual) {
    const form = saturates(here) ? model : emulated.model;
    const found = await withSession(form, { ...session, host, optimization: "none" }, (opened) =>
      measureAccuracy(opened, stream, options),
    );
    other = { top1: found.accuracy.top1, top1Interval: found.accuracy.top1Interval };
  }
  return processors.options.map((processor) => {
    if (processor === here) return { processor, how: "run", ...run };
    if (isEverywhereEqual || saturates(processor) === saturates(here)) return { processor, how: "equal", ...run };
    return { processor, how: "emulated", ...other };
  });
}
