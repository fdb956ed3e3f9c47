import { describe, expect, it } from "vitest";
import type { DatasetInfo } from "../../core/contract/dataset.ts";
import { preprocessing as schema } from "../../core/contract/preprocessing.ts";
import { suggestPreprocessing, type ModelInput } from "../../core/data/suggest.ts";

const images = (sampleShape?: [number, number, number]): DatasetInfo => ({
  format: "image-folder",
  kind: "image",
  path: "photos",
  count: 3,
  ...(sampleShape === undefined ? {} : { sampleShape }),
  unreadable: [],
  unreadableCount: 0,
  fingerprint: "",
});
const input = (dims: ModelInput["dims"], type: ModelInput["type"] = "float32"): ModelInput => ({ type, dims });

describe("suggesting a preprocessing", () => {
  it("reads the layout and leaves images of the right size alone", () => {
    const { preprocessing, reasons } = suggestPreprocessing(input(["N", 3, 32, 32]), images([32, 32, 3]));
    expect(preprocessing).toEqual({
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
    });
    expect(reasons).toEqual([
      "The model's input [N, 3, 32, 32] is read as channels first, RGB, 32×32 pixels.",
      "The order of channels is assumed to be RGB; the file does not say it.",
      "The images have the model's size; nothing is resized.",
      "Levels are assumed to be scaled to [0, 1] without further normalisation; a model cannot say it. If accuracy is poor, try imagenet, minus-one-one, raw.",
    ]);
  });

  it.each([
    [[1, 128, 128, 3], "nhwc", "rgb", 128],
    [[1, 28, 28, 1], "nhwc", "grey", 28],
    [[undefined, 1, 28, 28], "nchw", "grey", 28],
    [["N", "C", "H", "W"], "nchw", "rgb", 50],
    [[1, 3, -1, -1], "nchw", "rgb", 50],
    [[1, 3, 4, 3], "nchw", "rgb", 4],
  ] as const)("reads %j as %s, %s", (...[dims, layout, channels, height]) => {
    expect(suggestPreprocessing(input(dims), images([50, 40, 3])).preprocessing).toMatchObject({
      layout,
      channels,
      height,
    });
  });

  it("resizes to cover the model's input", () => {
    const { preprocessing } = suggestPreprocessing(input([1, 3, 96, 96]), images());
    expect(preprocessing).toMatchObject({ resize: "shorter-side", height: 96, width: 96 });
    expect(suggestPreprocessing(input([1, 3, 64, 64]), images([32, 32, 3])).preprocessing).toMatchObject({
      resize: "stretch",
    });
  });

  it("assumes 224×224 where neither model nor images say a size", () => {
    const { preprocessing, reasons } = suggestPreprocessing(input(["N", 3, "H", "W"]), images());
    expect(preprocessing).toMatchObject({ height: 224, width: 224 });
    expect(reasons).toContain("The model leaves the size open and the images differ; 224×224 is assumed.");
  });

  it("follows presets by name", () => {
    const p = suggestPreprocessing(input([1, 3, 224, 224]), images(), { preset: "imagenet" }).preprocessing;
    expect(p).toMatchObject({
      resize: "shorter-side",
      resizeTo: 256,
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
    });
    const same = suggestPreprocessing(input([1, 3, 32, 32]), images([32, 32, 3]), { preset: "imagenet" }).preprocessing;
    expect(same).toMatchObject({ resize: "none", mean: [0.485, 0.456, 0.406] });
    const grey = suggestPreprocessing(input([1, 1, 28, 28]), images([28, 28, 1]), {
      preset: "fashion-mnist",
    }).preprocessing;
    expect(grey).toMatchObject({ channels: "grey", scale: 1 / 255, mean: [0.286], std: [0.353] });
    const half = suggestPreprocessing(input([1, 3, 32, 32]), images([32, 32, 3]), {
      preset: "minus-one-one",
    }).preprocessing;
    expect(half).toMatchObject({ scale: 1 / 127.5, mean: [1, 1, 1], std: [1, 1, 1] });
  });

  it("gives byte inputs their levels", () => {
    expect(suggestPreprocessing(input([1, 32, 32, 3], "uint8"), images()).preprocessing).toMatchObject({
      scale: 1,
      mean: [0, 0, 0],
      type: "uint8",
    });
    expect(suggestPreprocessing(input([1, 32, 32, 3], "int8"), images()).preprocessing).toMatchObject({
      scale: 1,
      mean: [128, 128, 128],
      type: "int8",
    });
  });

  it("believes the model's own metadata, unless a preset is asked for", () => {
    const own = suggestPreprocessing(input([1, 1, 28, 28]), images([28, 28, 1]), { preset: "mnist" }).preprocessing;
    const metadata = { "lathe.preprocessing": JSON.stringify(own) };
    const found = suggestPreprocessing(input([1, 3, 99, 99]), images(), { metadata });
    expect(found).toEqual({
      preprocessing: own,
      reasons: ['The model\'s metadata "lathe.preprocessing" says so.'],
      assumed: [],
    });
    const asked = suggestPreprocessing(input([1, 1, 28, 28]), images([28, 28, 1]), { metadata, preset: "raw" });
    expect(asked.preprocessing).toMatchObject({ scale: 1, mean: [0] });
  });

  it("reads tables, and images of models without image axes", () => {
    const rows: DatasetInfo = { ...images(), format: "csv", kind: "array", sampleShape: [43] };
    expect(suggestPreprocessing(input(["N", 43]), rows).preprocessing).toEqual({
      kind: "array",
      shape: [43],
      scale: 1,
      mean: [],
      std: [],
      type: "float32",
    });
    expect(suggestPreprocessing(input(["N", "features"]), rows).preprocessing).toMatchObject({ shape: [43] });
    const flat = suggestPreprocessing(input(["N", 784]), images([28, 28, 1])).preprocessing;
    expect(flat).toMatchObject({ kind: "array", shape: [784], scale: 1 / 255 });
    expect(suggestPreprocessing(input(["N", 1, "x", 28]), { ...rows, sampleShape: [784] }).preprocessing).toMatchObject(
      { shape: [1, 28, 28] },
    );
  });

  it("suggests only what the contract allows", () => {
    for (const preset of ["imagenet", "zero-one", "minus-one-one", "raw", "mnist", "fashion-mnist", "cifar10"]) {
      for (const dims of [
        [1, 3, 64, 64],
        [1, 28, 28, 1],
        [1, 784],
      ]) {
        const { preprocessing } = suggestPreprocessing(input(dims), images([28, 28, 1]), { preset });
        expect(schema.parse(preprocessing)).toEqual(preprocessing);
      }
    }
  });
});

describe("inputs that cannot be filled", () => {
  it("refuses other numbers of channels", () => {
    expect(() => suggestPreprocessing(input([1, 4, 64, 64]), images())).toThrow(
      'The model\'s input has shape "[1, 4, 64, 64]"; an image has 1 or 3 channels, second or last.',
    );
  });

  it("refuses element types that images do not become", () => {
    expect(() => suggestPreprocessing(input([1, 3, 64, 64], "string"), images())).toThrow(
      'The model\'s input has type "string"; images become float32, float16, uint8, int8.',
    );
  });

  it("refuses shapes that samples do not have", () => {
    const rows: DatasetInfo = { ...images(), format: "csv", kind: "array", sampleShape: [43] };
    expect(() => suggestPreprocessing(input(["N", 44]), rows)).toThrow(
      'The model\'s input has shape "[N, 44]"; samples of "photos" have shape [43].',
    );
  });

  it("refuses unknown presets and metadata that is no preprocessing", () => {
    expect(() => suggestPreprocessing(input([1, 3, 9, 9]), images(), { preset: "resnet" })).toThrow(
      'There is no preprocessing "resnet".',
    );
    const bad = (text: string) => () =>
      suggestPreprocessing(input([1, 3, 9, 9]), images(), { metadata: { "lathe.preprocessing": text } });
    expect(bad("{")).toThrow('The model\'s metadata "lathe.preprocessing" is no preprocessing: "it is not JSON".');
    expect(bad('{"kind":"sound"}')).toThrow(/^The model's metadata "lathe.preprocessing" is no preprocessing: "kind: /);
  });
});
