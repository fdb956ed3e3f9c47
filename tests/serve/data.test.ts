import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SampleFilter, SampleOrder } from "../../core/contract/samples.ts";
import type { ProjectView, VariantView } from "../../core/contract/views.ts";
import { floatTensor } from "../../core/graph/build.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { tinyModel } from "../app/tiny.ts";
import { finish, openBench, place, type Bench } from "./fixtures.ts";

let bench: Bench;
let project: ProjectView;
let baseline: VariantView;

beforeAll(async () => {
  bench = openBench();
  const { client } = bench;
  project = await client.projects.create({ name: "data", parent: place("") });
  baseline = await finish(client.variants.import({ project: project.id, place: place("tiny.onnx"), name: "tiny" }));
  await finish(client.data.import({ project: project.id, place: place("stripes"), splits: { calibration: 48 } }));
});

afterAll(() => bench.engine.close());

const where = (): { project: string; data: string } => ({ project: project.id, data: "d1" });
const ask = (filter: SampleFilter, order: SampleOrder = { by: "number", isDown: false }, limit = 500) =>
  bench.client.data.samples({ ...where(), filter, order, offset: 0, limit });

describe("a data set", () => {
  it("tells what its splits and classes hold", async () => {
    const { data, counts, balance, calibration, predicted } = await bench.client.data.get(where());
    expect(counts.calibration).toBe(48);
    expect(calibration).toEqual({ samples: 48, from: "train", by: "class", seed: 0 });
    expect(balance.map((b) => b.class)).toEqual(data.info.classes);
    for (const split of ["train", "validation", "test", "calibration"] as const) {
      expect(balance.reduce((sum, b) => sum + b.counts[split], 0)).toBe(counts[split]);
    }
    expect(predicted).toEqual([]);
  });

  it("gives its samples page by page, in order", async () => {
    const all = await ask({});
    const { data, counts } = await bench.client.data.get(where());
    expect(all.total).toBe(data.info.count);
    expect(all.missing).toEqual([]);
    const second = await bench.client.data.samples({
      ...where(),
      filter: {},
      order: { by: "number", isDown: false },
      offset: 10,
      limit: 5,
    });
    expect(second.samples).toEqual(all.samples.slice(10, 15));
    expect((await ask({ split: "test" })).total).toBe(counts.test);
    expect((await ask({ split: "calibration" })).samples.every((s) => s.calibrates && s.split === "train")).toBe(true);
  });

  it("draws previews, and shows a sample beside the tensor that the model gets", async () => {
    const previews = await bench.client.data.previews({ ...where(), samples: [0, 1, 2], side: 64 });
    expect(previews.map((p) => p.kind)).toEqual(["image", "image", "image"]);
    const { tensor, facts, sample } = await bench.client.data.sample({ ...where(), sample: 1 });
    expect(facts).toMatch(/pixels/);
    expect(sample.sample).toBe(1);
    const { data } = await bench.client.data.get(where());
    const { preprocessing } = data;
    if (preprocessing.kind !== "image") throw new Error("The stripes are images.");
    expect(tensor?.shape).toContain(preprocessing.height);
    expect(tensor?.channels[0]?.maximum).toBeGreaterThan(tensor?.channels[0]?.minimum ?? 0);
    await expect(bench.client.data.sample({ ...where(), sample: 100_000 })).rejects.toThrow(
      /samples; none is "100000"\./,
    );
  });
});

describe("predictions", () => {
  it("are missing until somebody asks for them, and are then kept", async () => {
    const before = await ask({ variant: baseline.id, split: "validation", outcome: "right" });
    expect(before.total).toBe(0);
    const { counts } = await bench.client.data.get(where());
    expect(before.missing).toEqual([
      { variant: baseline.id, name: "tiny", splits: ["validation"], samples: counts.validation },
    ]);
    const made = await finish(bench.client.data.predict({ ...where(), variant: baseline.id, splits: ["validation"] }));
    expect(made.samples).toBe(counts.validation);
    const right = await ask({ variant: baseline.id, split: "validation", outcome: "right" });
    const wrong = await ask({ variant: baseline.id, split: "validation", outcome: "wrong" });
    expect(right.total + wrong.total).toBe(counts.validation);
    expect(right.missing).toEqual([]);
    expect(right.samples.every((s) => s.predicted?.isRight === true && s.predicted.class === s.class)).toBe(true);
    const sure = await ask({ variant: baseline.id, split: "validation" }, { by: "confidence", isDown: true });
    const confidences = sure.samples.map((s) => s.predicted?.confidence ?? -1);
    expect(confidences).toEqual(confidences.toSorted((a, b) => b - a));
    // Another engine finds them.
    await bench.client.projects.close({ project: project.id });
    expect((await bench.client.data.get(where())).predicted).toEqual([
      { variant: baseline.id, splits: ["validation"] },
    ]);
    expect(
      (await finish(bench.client.data.predict({ ...where(), variant: baseline.id, splits: ["validation"] }))).samples,
    ).toBe(0);
  });
});

describe("disagreement with the baseline", () => {
  it("asks both, and finds the samples that they put into other classes", async () => {
    const { client } = bench;
    const model = tinyModel();
    // It sees "columns" in everything.
    const initializers = model.graph.initializers.map((t) =>
      t.name === "b2" ? floatTensor("b2", [3], Float32Array.of(0, 999, 0)) : t,
    );
    writeFileSync(
      join(bench.folder, "files", "other.onnx"),
      encodeModel({ ...model, graph: { ...model.graph, initializers } }),
    );
    const other = await finish(client.variants.import({ project: project.id, place: place("other.onnx") }));
    const asked = { variant: other.id, split: "test" } as const;
    expect((await ask(asked)).missing.map((m) => m.name)).toEqual(["other", "tiny"]);
    await finish(client.data.predict({ ...where(), variant: other.id, splits: ["test"] }));
    const all = await ask(asked);
    const isOther = all.samples.filter((s) => s.predicted?.class !== s.baseline?.class);
    expect(isOther.length).toBeGreaterThan(0);
    expect((await ask({ ...asked, disagrees: true })).samples).toEqual(isOther);
    const { sample } = await client.data.sample({ ...where(), sample: isOther[0]!.sample, variant: other.id });
    expect(sample).toEqual(isOther[0]);
  });
});

describe("calibration", () => {
  it("is tried before it is chosen: classes, what else evaluates, why it cannot be", async () => {
    const tried = await finish(
      bench.client.data.tryCalibration({
        ...where(),
        pick: { samples: 20, from: "train", by: "random", seed: 3 },
      }),
    );
    expect(tried.samples).toHaveLength(20);
    expect(tried.classes.reduce((sum, c) => sum + c.picked, 0)).toBe(20);
    expect(tried.warnings).toContain("20 samples are few; 100 or more give steadier ranges.");
    expect(tried.refusal).toBeUndefined();
    const leaking = await finish(
      bench.client.data.tryCalibration({ ...where(), pick: { samples: 10, from: "test", by: "class", seed: 0 } }),
    );
    expect(leaking.leaks.find((l) => l.split === "test")?.same).toBe(10);
    expect(leaking.refusal).toMatch(/^"10" of 10 calibration samples are also in the test split/);
    await expect(
      bench.client.data.chooseCalibration({ ...where(), pick: { samples: 10, from: "test", by: "class", seed: 0 } }),
    ).rejects.toThrow(/also in the test split/);
  });

  it("is kept once it is chosen, and shows in the samples", async () => {
    const pick = { samples: 20, from: "train", by: "random", seed: 3 } as const;
    const summary = await bench.client.data.chooseCalibration({ ...where(), pick });
    expect(summary.calibration).toEqual(pick);
    expect(summary.counts.calibration).toBe(20);
    expect((await ask({ split: "calibration" })).total).toBe(20);
    expect((await bench.client.overview.get({ project: project.id })).data[0]?.splits).toMatchObject({
      calibration: 20,
      draw: { from: "train", by: "random", seed: 3 },
    });
    // What was predicted does not depend on it.
    expect(summary.predicted[0]).toEqual({ variant: baseline.id, splits: ["validation", "test"] });
  });
});

it("says that the files are gone, and finds them again", async () => {
  const folder = join(bench.folder, "files", "stripes");
  renameSync(folder, `${folder}-away`);
  await expect(bench.client.data.get(where())).rejects.toThrow(/There is no data set at/);
  renameSync(`${folder}-away`, folder);
  expect((await bench.client.data.get(where())).counts.calibration).toBe(20);
});
