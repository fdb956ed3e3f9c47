import { describe, expect, it } from "vitest";
import {
  preprocessing as schema,
  type ImagePreprocessing,
  type Preprocessing,
} from "../../core/contract/preprocessing.ts";
import { geometriesOf, otherColours, otherGeometries, otherNormalisations } from "../../core/data/candidates.ts";
import { swapColours, withNormalisation } from "../../core/data/normalise.ts";
import { ownLevels } from "../../core/data/ownLevels.ts";
import { PRESETS } from "../../core/data/presets.ts";

const colour: ImagePreprocessing = {
  kind: "image",
  channels: "rgb",
  height: 224,
  width: 224,
  resize: "shorter-side",
  interpolation: "bilinear",
  scale: 1 / 255,
  mean: [0, 0, 0],
  std: [1, 1, 1],
  layout: "nchw",
  type: "float32",
};
const grey: ImagePreprocessing = { ...colour, channels: "grey", mean: [0], std: [1] };
const row: Preprocessing = { kind: "array", shape: [3], scale: 1, mean: [], std: [], type: "float32" };
const image = { kind: "image" } as const;
const array = { kind: "array" } as const;
const names = (all: readonly { readonly name: string }[]): string[] => all.map(({ name }) => name);

describe("candidates", () => {
  it("are the guess and what its type and shape allow besides", () => {
    expect(names(otherNormalisations(colour, image, undefined))).toEqual([
      "zero-one",
      "imagenet",
      "minus-one-one",
      "raw",
      "cifar10",
      "caffe",
    ]);
    expect(names(otherNormalisations(grey, image, undefined))).toEqual([
      "zero-one",
      "imagenet",
      "minus-one-one",
      "raw",
      "mnist",
      "fashion-mnist",
    ]);
    const bytes: ImagePreprocessing = { ...colour, scale: 1, type: "uint8" };
    expect(names(otherNormalisations(bytes, image, { scale: 1 / 255, mean: [0.1], std: [0.2] }))).toEqual(["raw"]);
    const signed: ImagePreprocessing = { ...bytes, mean: [128, 128, 128], type: "int8" };
    expect(names(otherNormalisations(signed, image, undefined))).toEqual(["first guess"]);
    const own = { scale: 1, mean: [1, 2, 3], std: [4, 5, 6] };
    const rows = otherNormalisations(row, array, own);
    expect(names(rows)).toEqual(["raw", "own"]);
    expect(rows[1]!.preprocessing).toEqual({ ...row, mean: [1, 2, 3], std: [4, 5, 6] });
    expect(names(otherNormalisations({ ...row, shape: [3, 8, 8] }, array, own))).toEqual([
      "raw",
      "zero-one",
      "minus-one-one",
      "own",
    ]);
  });

  it("leave out the samples' own numbers where a preset has about the same", () => {
    const cifar = { scale: 1 / 255, mean: [0.4931, 0.4791, 0.4433], std: [0.2451, 0.2421, 0.2608] };
    expect(names(otherNormalisations(colour, image, cifar))).not.toContain("own");
    expect(names(otherNormalisations(colour, image, { ...cifar, mean: [0.4931, 0.4791, 0.43] }))).toContain("own");
  });

  it("exchange red and blue together with their numbers", () => {
    const swapped = otherColours(otherNormalisations(colour, image, undefined));
    expect(names(swapped)).toEqual([
      "zero-one, BGR",
      "imagenet, BGR",
      "minus-one-one, BGR",
      "raw, BGR",
      "cifar10, BGR",
      "caffe, RGB",
    ]);
    expect(swapped[1]!.preprocessing).toMatchObject({ channels: "bgr", mean: [0.406, 0.456, 0.485] });
    expect(swapColours(swapColours(colour))).toEqual(colour);
    expect(otherColours([{ name: "grey", preprocessing: grey }])).toEqual([]);
    expect(withNormalisation(colour, PRESETS.caffe)).toMatchObject({
      channels: "bgr",
      scale: 1,
      mean: [103.939, 116.779, 123.68],
      std: [1, 1, 1],
    });
  });

  it("resize in other ways only where sizes differ", () => {
    expect(geometriesOf({ ...colour, resize: "none" }, { sampleShape: [224, 224, 3] })).toEqual([]);
    expect(names(geometriesOf(colour, {}))).toEqual(["stretch", "shorter side 256"]);
    expect(names(geometriesOf(colour, { sampleShape: [300, 400, 3] }))).toEqual([
      "stretch",
      "shorter side 256",
      "crop",
    ]);
    const stretched: ImagePreprocessing = { ...colour, resize: "stretch" };
    expect(names(geometriesOf(stretched, { sampleShape: [256, 256, 3] }))).toEqual(["shorter side 256", "crop"]);
    const made = otherGeometries([{ name: "raw", preprocessing: colour }], geometriesOf(colour, {}));
    expect(names(made)).toEqual(["raw, stretch", "raw, shorter side 256"]);
    for (const { preprocessing } of made) expect(() => schema.parse(preprocessing)).not.toThrow();
  });

  it("measure each colour of images, each column of rows, and what does not vary", () => {
    const pixels = Uint8Array.from([0, 51, 102, 255, 51, 204]);
    const own = ownLevels([{ kind: "image", width: 2, height: 1, channels: 3, pixels }]);
    expect(own).toEqual({ scale: 1 / 255, mean: [0.5, 0.2, 0.6], std: [0.5, 1, 0.2] });
    const rows = [
      [1e6, 2],
      [1e6 + 2, 2],
    ].map((v) => ({ kind: "array", array: { type: "float64", dims: [2], data: Float64Array.from(v) } }) as const);
    expect(ownLevels(rows)).toEqual({ scale: 1, mean: [1e6 + 1, 2], std: [1, 1] });
    expect(ownLevels([])).toBeUndefined();
  });
});
