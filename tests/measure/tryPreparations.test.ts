import { describe, expect, it } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import type { Clock } from "../../core/base/host.ts";
import type { PreparationTrial } from "../../core/contract/preparation.ts";
import { preparationTrial as schema } from "../../core/contract/preparation.ts";
import type { ImagePreprocessing } from "../../core/contract/preprocessing.ts";
import { swapColours, withNormalisation } from "../../core/data/normalise.ts";
import { openDataset } from "../../core/data/open.ts";
import type { PresetName } from "../../core/contract/presetNames.ts";
import { PRESETS } from "../../core/data/presets.ts";
import { suggestPreprocessing } from "../../core/data/suggest.ts";
import type { Model } from "../../core/graph/model.ts";
import { tryPreparations, type TryOptions } from "../../core/measure/tryPreparations.ts";
import { withSession } from "../../core/runtime/session.ts";
import { temporaryFolder } from "../store/fixtures.ts";
import { floatTensor } from "../../core/graph/build.ts";
import { colourModel, writeColours, writeWide } from "./colours.ts";

const plain: ImagePreprocessing = {
  kind: "image",
  channels: "rgb",
  height: 32,
  width: 32,
  resize: "none",
  interpolation: "bilinear",
  scale: 1 / 255,
  mean: [0, 0, 0],
  std: [1, 1, 1],
  layout: "nchw",
  type: "float32",
};
const preset = (name: PresetName, p = plain): ImagePreprocessing =>
  withNormalisation(p, PRESETS[name]) as ImagePreprocessing;

interface Made {
  readonly trial: PreparationTrial;
  /** Samples that were told of. */
  readonly told: number;
}

async function trying(
  model: Model,
  folder: string,
  options: Partial<TryOptions> & { count?: number } = {},
): Promise<Made> {
  const { count = 320, ...rest } = options;
  const dataset = await openDataset(folder);
  let told = 0;
  try {
    const input = { type: "float32", dims: ["N", 3, 32, 32] } as const;
    const { preprocessing: guess } = suggestPreprocessing(input, dataset.info);
    const trial = await withSession(model, { host: nodeHost }, (session) =>
      tryPreparations(session, dataset, {
        guess,
        indices: Int32Array.from({ length: count }, (_, i) => i),
        split: "train",
        seed: 0,
        limit: 600_000,
        clock: nodeHost.clock,
        signal: new AbortController().signal,
        emit: (event) => (told += event.kind === "progress" ? 1 : 0),
        ...rest,
      }),
    );
    return { trial: schema.parse(trial), told };
  } finally {
    await dataset.close();
  }
}

const levelOf = ({ tried }: PreparationTrial): string[] => tried.filter((t) => t.isLevel).map((t) => t.name);

describe("trying preparations", () => {
  it.each(["imagenet", "minus-one-one", "raw", "caffe"] as const)("finds %s", async (name) => {
    const folder = writeColours(temporaryFolder(), { train: 320, test: 20 });
    const { trial, told } = await trying(colourModel(preset(name)), folder);
    const { outcome, guess, taken, tried, isCut, samples, chance } = trial;
    expect({ outcome, guess, taken, isCut, samples, chance }).toEqual({
      outcome: "found",
      guess: "zero-one",
      taken: name,
      isCut: false,
      samples: 320,
      chance: 0.1,
    });
    expect(tried[0]).toMatchObject({ name, preprocessing: preset(name), isLevel: true });
    expect(tried[0]!.correct / tried[0]!.samples).toBeGreaterThan(0.95);
    const first = tried.find((t) => t.name === guess)!;
    expect(first.samples).toBe(320);
    expect(first.isLevel).toBe(false);
    expect(told).toBeGreaterThan(0);
    // Those that fell behind were spared the rest.
    expect(tried.filter((t) => t.samples < 320).length).toBeGreaterThan(2);
  });

  it("finds red and blue exchanged, and the samples' own mean and deviation", async () => {
    const folder = writeColours(temporaryFolder(), { train: 320, test: 20 });
    const bgr = swapColours(preset("imagenet"));
    const swapped = await trying(colourModel(bgr), folder);
    expect(swapped.trial).toMatchObject({ outcome: "found", taken: "imagenet, BGR" });
    expect(swapped.trial.tried[0]!.preprocessing).toEqual(bgr);
    const own = { scale: 1 / 255, mean: [0.4902, 0.4706, 0.4824], std: [0.21, 0.165, 0.19] };
    const measured = await trying(colourModel(withNormalisation(plain, own) as ImagePreprocessing), folder);
    expect(measured.trial).toMatchObject({ outcome: "found", taken: "own" });
    const { mean } = measured.trial.tried[0]!.preprocessing;
    expect(mean.map((m, i) => Math.abs(m - own.mean[i]!) < 0.01)).toEqual([true, true, true]);
  });

  it("keeps the guess where none is better", async () => {
    const folder = writeColours(temporaryFolder(), { train: 320, test: 20 });
    const { trial } = await trying(colourModel(plain), folder);
    expect(trial).toMatchObject({ outcome: "kept", taken: "zero-one" });
    expect(levelOf(trial)).toEqual(["zero-one"]);
  });

  it("finds how images of other sizes are brought to the model's", async () => {
    const folder = await writeWide(temporaryFolder(), 300);
    const { trial } = await trying(colourModel(preset("raw")), folder, { count: 300 });
    expect(trial).toMatchObject({ outcome: "found", taken: "raw, stretch", guess: "zero-one" });
    expect(trial.tried[0]!.preprocessing).toMatchObject({ resize: "stretch", scale: 1 });
    expect(levelOf(trial)).toEqual(["raw, stretch"]);
  });

  it("gives the same for the same samples", async () => {
    const folder = writeColours(temporaryFolder(), { train: 160, test: 20 });
    const model = colourModel(preset("cifar10"));
    const first = await trying(model, folder, { count: 160 });
    expect((await trying(model, folder, { count: 160 })).trial).toEqual(first.trial);
  });

  it("says that nothing beats chance where the model knows nothing", async () => {
    const folder = writeColours(temporaryFolder(), { train: 320, test: 20 });
    const good = colourModel(preset("imagenet"));
    const constant = good.graph.initializers.map((t) =>
      t.name === "w" ? floatTensor("w", [10, 3], new Float32Array(30)) : t,
    );
    const { trial } = await trying({ ...good, graph: { ...good.graph, initializers: constant } }, folder);
    expect(trial).toMatchObject({ outcome: "chance", taken: "zero-one" });
    expect(levelOf(trial)).toEqual([]);
  });

  it("names what the model cannot compute, and goes on with the others", async () => {
    const folder = writeColours(temporaryFolder(), { train: 160, test: 20 });
    const good = colourModel(preset("imagenet"));
    // The square root of what is below zero is no number, and only the normalised values are.
    const [pool, flatten, gemm] = good.graph.nodes;
    const root = { ...pool!, op: "Sqrt", name: "root", inputs: ["image"], outputs: ["rooted"] };
    const nodes = [root, { ...pool!, inputs: ["rooted"] }, flatten!, gemm!];
    const { trial } = await trying({ ...good, graph: { ...good.graph, nodes } }, folder, { count: 160 });
    const failed = trial.tried.filter((t) => t.failure !== undefined);
    expect(failed.map((t) => t.name)).toContain("imagenet");
    expect(failed[0]).toMatchObject({ correct: 0, isLevel: false, failure: expect.stringContaining("NaN") as string });
    expect(trial.tried.find((t) => t.name === "zero-one")).toMatchObject({ samples: 160 });
  });

  it("ends with what it has when time is up, and says so", async () => {
    const folder = writeColours(temporaryFolder(), { train: 320, test: 20 });
    let now = 0;
    // Each look at the clock is a second later: 321 looks while reading, so that some rounds are left.
    const clock: Clock = { ...nodeHost.clock, milliseconds: () => (now += 1000) };
    const cut = await trying(colourModel(preset("imagenet")), folder, { clock, limit: 700_000 });
    expect(cut.trial).toMatchObject({ isCut: false, outcome: "found" });
    now = 0;
    const early = await trying(colourModel(preset("imagenet")), folder, { clock, limit: 64_000 });
    expect(early.trial.isCut).toBe(true);
    expect(early.trial.samples).toBeLessThan(40);
    expect(early.trial.tried.every((t) => t.samples > 0)).toBe(true);
  });

  it("stops when it is told to, and refuses models whose scores are not the classes'", async () => {
    const folder = writeColours(temporaryFolder(), { train: 160, test: 20 });
    const model = colourModel(plain);
    const stop = new AbortController();
    const stopped = trying(model, folder, { count: 160, signal: stop.signal, emit: () => stop.abort() });
    await expect(stopped).rejects.toMatchObject({ code: "cancelled" });
    await expect(trying(colourModel(plain, { classes: 9 }), folder, { count: 160 })).rejects.toMatchObject({
      code: "invalid-data",
      message: expect.stringContaining('has "9" values per sample, but the data set has 10 classes') as string,
    });
  });
});
