import { expect, test } from "vitest";
import { estimateRun } from "../../core/app/runMethod.ts";
import { trainingSamples } from "../../core/app/project.ts";
import { tinyProject } from "./fixtures.ts";

test("the time of a training is for the samples that the project has", async () => {
  const { project } = await tinyProject();
  const [data] = project.store.data();
  const samples = trainingSamples(data!);
  expect(samples).toBeGreaterThan(0);
  expect(samples).toBeLessThan(data!.info.count);
  const secondsOf = async (epochs: number): Promise<number> => {
    const run = { method: "train", params: { epochs }, seed: 0, threads: 1 };
    return (await estimateRun(project, run, "v1")).estimate.seconds;
  };
  const [one, thousand] = [await secondsOf(1), await secondsOf(1000)];
  const model = project.store.variants()[0]!;
  // Three times a hundred operations for each weight and sample, at ten thousand million a second.
  const weights = Math.round(((thousand - one) * 1e10) / (3 * 999 * samples * 100));
  expect(weights).toBeGreaterThan(0);
  expect(weights * 4).toBeLessThanOrEqual(model.model.bytes);
  project.store.close();
});
