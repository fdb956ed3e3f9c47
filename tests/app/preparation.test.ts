import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, test } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { browseData } from "../../core/app/dataBrowser.ts";
import { importModel } from "../../core/app/importModel.ts";
import { measureVariants } from "../../core/app/measureVariants.ts";
import { createProject, type Project } from "../../core/app/project.ts";
import { importData, openData } from "../../core/app/projectData.ts";
import { runMethod } from "../../core/app/runMethod.ts";
import { takePreparation } from "../../core/app/takePreparation.ts";
import type { ProgressEvent } from "../../core/contract/event.ts";
import type { ImagePreprocessing } from "../../core/contract/preprocessing.ts";
import { projectData } from "../../core/contract/project.ts";
import { withNormalisation } from "../../core/data/normalise.ts";
import type { PresetName } from "../../core/contract/presetNames.ts";
import { PRESETS } from "../../core/data/presets.ts";
import { floatTensor, graph, model, node, value } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { npyArray } from "../data/fixtures.ts";
import { colourModel, writeColours } from "../measure/colours.ts";
import { quietWork, temporaryFolder } from "./fixtures.ts";

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
const preset = (name: PresetName): ImagePreprocessing => withNormalisation(plain, PRESETS[name]) as ImagePreprocessing;

async function projectWith(made: Model): Promise<{ readonly project: Project; readonly folder: string }> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "model.onnx"), encodeModel(made));
  const project = await createProject(join(folder, "project"), {}, nodeHost);
  await importModel(project, join(folder, "model.onnx"), quietWork());
  return { project, folder };
}

/** Colours whose test images all have a wrong label: a trial that looks at them goes astray. */
const data = (folder: string, train = 400): string => {
  mkdirSync(join(folder, "colours"), { recursive: true });
  return writeColours(join(folder, "colours"), { train, test: 300, shift: 1 });
};

it("finds the preparation of a model that says nothing, from samples outside of test, and keeps what was tried", async () => {
  const { project, folder } = await projectWith(colourModel(preset("imagenet")));
  const told: ProgressEvent[] = [];
  const made = await importData(project, data(folder), { ...quietWork(), emit: (event) => told.push(event) });
  expect(made.data.preprocessing).toEqual(preset("imagenet"));
  expect(made.data.preparation).toMatchObject({
    by: "trial",
    trial: { split: "train", outcome: "found", guess: "zero-one", taken: "imagenet", seed: 0 },
  });
  expect(made.reasons.join("\n")).toMatch(
    /"imagenet" was found by trying \d+ preparations on \d+ samples of train: (9\d\.\d|100\.0) % are right, with the first guess "zero-one" \d+\.\d %\./,
  );
  expect(made.reasons.join("\n")).not.toContain("assumed");
  expect(project.store.data()).toEqual([made.data]);
  expect(told).toContainEqual({ kind: "stage", name: "Trying preparations" });
  const again = await importData(project, join(folder, "colours"), { ...quietWork(), name: "again" });
  expect(again.data.preparation).toEqual(made.data.preparation);
  project.store.close();
}, 60_000);

it("never overrules what was chosen by hand or what the model says", async () => {
  const { project, folder } = await projectWith(colourModel(preset("imagenet")));
  const path = data(folder);
  const chosen = await importData(project, path, { ...quietWork(), preprocessing: "zero-one" });
  expect(chosen.data).toMatchObject({ preprocessing: plain, preparation: { by: "chosen" } });
  expect(chosen.data.preparation?.trial).toBeUndefined();
  const file = join(folder, "own.json");
  writeFileSync(file, JSON.stringify(preset("raw")));
  const fromFile = await importData(project, path, { ...quietWork(), name: "file", preprocessing: file });
  expect(fromFile.data).toMatchObject({ preprocessing: preset("raw"), preparation: { by: "chosen" } });
  project.store.close();
  const metadata = { "lathe.preprocessing": JSON.stringify(preset("raw")) };
  const saying = await projectWith(colourModel(preset("imagenet"), { metadata }));
  const said = await importData(saying.project, data(saying.folder), quietWork());
  expect(said.data).toMatchObject({ preprocessing: preset("raw"), preparation: { by: "metadata" } });
  expect(said.data.preparation?.trial).toBeUndefined();
  saying.project.store.close();
});

test.each([
  ["without labels", undefined, /The data have no labels, so nothing here can tell/],
  [
    "with other classes than the model's",
    9,
    /No preparation could be tried\. .*"9" values per sample, but the data set has 10 classes/,
  ],
])("keeps the guess for data %s, and says why nothing was tried", async (_, classes, reason) => {
  const { project, folder } = await projectWith(
    colourModel(preset("imagenet"), classes === undefined ? {} : { classes }),
  );
  let path = data(folder);
  if (classes === undefined) {
    path = join(folder, "bare.npy");
    writeFileSync(path, npyArray("|u1", [40, 32, 32, 3], new Uint8Array(40 * 3072).fill(90)));
  }
  const made = await importData(project, path, { ...quietWork(), splits: { calibration: 10 } });
  expect(made.data).toMatchObject({ preprocessing: plain, preparation: { by: "guess" } });
  expect(made.reasons.at(-1)).toMatch(reason);
  project.store.close();
});

it("records nothing where it is stopped while trying", async () => {
  const { project, folder } = await projectWith(colourModel(preset("imagenet")));
  const stop = new AbortController();
  const emit = (event: ProgressEvent): void => {
    if (event.kind === "stage" && event.name === "Trying preparations") stop.abort();
  };
  const stopped = importData(project, data(folder), { signal: stop.signal, emit });
  await expect(stopped).rejects.toMatchObject({ code: "cancelled" });
  expect(project.store.data()).toEqual([]);
  project.store.close();
});

it("imports data for a model that the runtime cannot run", async () => {
  const foreign = colourModel(plain);
  const nodes = foreign.graph.nodes.map((n, i) => (i === 0 ? { ...n, op: "Nothing", domain: "elsewhere" } : n));
  const opsets = { ...foreign.opsets, elsewhere: 1 };
  const { project, folder } = await projectWith({ ...foreign, opsets, graph: { ...foreign.graph, nodes } });
  const made = await importData(project, data(folder), quietWork());
  expect(made.data).toMatchObject({ preprocessing: plain, preparation: { by: "guess" } });
  expect(made.reasons.at(-1)).toMatch(/^No preparation could be tried\. /);
  project.store.close();
});

it("finds that the columns of a table were standardised", async () => {
  // Two classes that differ in the second column, whose values are small beside the first.
  const net = model(
    graph({
      inputs: [value("x", "float32", ["N", 2])],
      outputs: [value("y", "float32", ["N", 2])],
      initializers: [floatTensor("w", [2, 2], [0, 0, -1, 1]), floatTensor("b", [2], [0, 0])],
      nodes: [node("Gemm", [["x", "w", "b"], ["y"]])],
    }),
  );
  const { project, folder } = await projectWith(net);
  const rows = Array.from(
    { length: 300 },
    (_, i) => `${1000 + ((i * 37) % 500)},${i % 2 === 0 ? 40 + (i % 5) : 60 - (i % 5)},${i % 2 === 0 ? "low" : "high"}`,
  );
  const file = join(folder, "table.csv");
  // Classes are numbered by name, and "high" comes first.
  writeFileSync(file, `a,b,label\n${rows.map((r) => r.replace("low", "a-low")).join("\n")}\n`);
  const made = await importData(project, file, { ...quietWork(), splits: { calibration: 10 } });
  expect(made.data.preparation?.trial).toMatchObject({ outcome: "found", taken: "own", guess: "raw" });
  const { preprocessing } = made.data;
  expect(preprocessing.mean[1]).toBeCloseTo(50, 0);
  project.store.close();
});

it("takes another of those that were tried, until something rests on it", async () => {
  const { project, folder } = await projectWith(colourModel(preset("imagenet")));
  const made = await importData(project, data(folder), { ...quietWork(), splits: { calibration: 40 } });
  const using = async (name: string) => {
    const browser = await browseData(project, project.store.data()[0]!, quietWork());
    try {
      return takePreparation(project, browser, name);
    } finally {
      await browser.close();
    }
  };
  const changed = await using("Raw, BGR");
  expect(changed).toMatchObject({ preprocessing: { channels: "bgr", scale: 1 }, preparation: { by: "chosen" } });
  expect(changed.preparation?.trial?.taken).toBe("raw, BGR");
  expect(project.store.data()).toEqual([changed]);
  await expect(using("sepia")).rejects.toMatchObject({
    code: "not-found",
    hint: expect.stringContaining('"imagenet", ') as string,
  });
  expect((await using("imagenet")).preprocessing).toEqual(made.data.preprocessing);
  await runMethod(
    project,
    { method: "quantize-static", params: { samples: 40, portability: false }, seed: 0, threads: 1 },
    { ...quietWork(), from: "v1", name: "small" },
  );
  await expect(using("raw")).rejects.toMatchObject({
    code: "invalid-argument",
    message: '"small" was made with data set "colours" as it is prepared now.',
  });
  project.store.close();
}, 60_000);

it("opens a project of before, whose data say nothing of their preparation", async () => {
  const { project, folder } = await projectWith(colourModel(plain));
  const made = await importData(project, data(folder), { ...quietWork(), preprocessing: "zero-one" });
  const { preparation: _, ...before } = made.data;
  expect(projectData.parse(before)).toEqual(before);
  project.store.updateData(before);
  const opened = await openData(project, project.store.data()[0]!, quietWork());
  await opened.close();
  const [measured] = await measureVariants(project, project.store.variants(), {
    ...quietWork(),
    split: "validation",
  });
  expect(measured?.measurements?.accuracy?.top1).toBeGreaterThan(0.9);
  const browser = await browseData(project, before, quietWork());
  expect(() => takePreparation(project, browser, "raw")).toThrow(/There is no tried preparation "raw"/);
  await browser.close();
  project.store.close();
}, 60_000);
