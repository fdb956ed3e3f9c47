import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { nodeHost as host } from "../../core/app/nodeHost.ts";
import type { Interval } from "../../core/contract/measurement.ts";
import { sampleStream } from "../../core/data/batches.ts";
import { openDataset } from "../../core/data/open.ts";
import { compareWithBaseline, measureAccuracy, type MeasuredAccuracy } from "../../core/measure/accuracy.ts";
import { pairedDifference } from "../../core/measure/statistics.ts";
import { withSession } from "../../core/runtime/session.ts";
import { sharedData, sharedNote } from "../shared.ts";
import { CIFAR as preprocessing } from "../cifar.ts";

describe.skipIf(sharedData === undefined)(`CIFAR-10's test images${sharedNote}`, () => {
  const measure = async (name: string): Promise<MeasuredAccuracy> => {
    const dataset = await openDataset(join(sharedData ?? "", "datasets/cifar10-5k/test_batch.bin"));
    const path = join(sharedData ?? "", `models/cifar10-resnets/${name}.onnx`);
    try {
      const indices = Int32Array.from({ length: dataset.info.count }, (_, i) => i);
      const stream = sampleStream(dataset, { indices, preprocessing, workers: 0 });
      return await withSession({ path }, { host, threads: 2 }, (session) =>
        measureAccuracy(session, stream, { split: "test", batch: 100 }),
      );
    } finally {
      await dataset.close();
    }
  };

  it("are recognised as well as published, and the deeper net's lead is judged in pairs", async () => {
    const twenty = await measure("resnet20");
    const thirtyTwo = await measure("resnet32");
    expect(twenty.accuracy.top1).toBeCloseTo(0.915, 3);
    expect(thirtyTwo.accuracy.top1).toBeCloseTo(0.928, 3);
    const against = compareWithBaseline({ variant: "resnet20", ...twenty }, thirtyTwo);
    const paired = pairedDifference(against.gained, against.lost, twenty.accuracy.samples);
    expect(paired.difference).toBeCloseTo(thirtyTwo.accuracy.top1 - twenty.accuracy.top1, 12);
    const width = ({ low, high }: Interval): number => high - low;
    const unpaired = Math.hypot(width(twenty.accuracy.top1Interval), width(thirtyTwo.accuracy.top1Interval));
    expect(width(paired.interval)).toBeLessThan(unpaired);
  });
});
