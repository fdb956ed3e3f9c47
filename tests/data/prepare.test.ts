import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { ArrayPreprocessing, ImagePreprocessing } from "../../core/contract/preprocessing.ts";
import type { RawImage } from "../../core/data/dataset.ts";
import { fitImage } from "../../core/data/fit.ts";
import { preparer, prepareOne } from "../../core/data/prepare.ts";
import { resample } from "../../core/data/resample.ts";
import { pattern } from "./fixtures.ts";
import { pillow } from "./pillow.ts";

const plain: ImagePreprocessing = {
  kind: "image",
  channels: "rgb",
  height: 2,
  width: 2,
  resize: "none",
  interpolation: "bilinear",
  scale: 1,
  mean: [0, 0, 0],
  std: [1, 1, 1],
  layout: "nchw",
  type: "float32",
};

const image = (width: number, height: number, ...[channels, pixels]: [1 | 3, (readonly number[])?]): RawImage => ({
  kind: "image",
  width,
  height,
  channels,
  pixels: pixels === undefined ? pattern(width * height * channels) : Uint8Array.from(pixels),
});

const digest = ({ pixels }: RawImage): string => createHash("sha256").update(pixels).digest("hex").slice(0, 16);

/** Two by two pixels whose channels are 1·, 2· and 3·. */
const small = image(2, 2, 3, [10, 20, 30, 11, 21, 31, 12, 22, 32, 13, 23, 33]);

describe("resampling", () => {
  const cases = Object.keys(pillow.digests).flatMap((key) => {
    const match = /^(nearest|bilinear|bicubic|lanczos) (\d+)x(\d+)x(1|3) to (\d+)x(\d+)$/.exec(key);
    return match === null ? [] : [[key, match] as const];
  });

  it.each(cases)("agrees with Pillow bit for bit: %s", (key, [, filter, w, h, c, width, height]) => {
    const source = image(Number(w), Number(h), Number(c) as 1 | 3);
    const result = resample(source, { width: Number(width), height: Number(height) }, filter as "nearest");
    expect(digest(result)).toBe(pillow.digests[key]);
  });

  it("returns an image of the same size as it is", () => {
    expect(resample(small, { width: 2, height: 2 }, "bicubic")).toBe(small);
  });
});

describe("fitting images", () => {
  it.each([
    [300, 200],
    [201, 333],
    [257, 256],
  ])("takes the ImageNet crop of %i×%i as torchvision does", (width, height) => {
    const p: ImagePreprocessing = { ...plain, height: 224, width: 224, resize: "shorter-side", resizeTo: 256 };
    expect(digest(fitImage(image(width, height, 3), p, "x"))).toBe(pillow.digests[`imagenet ${width}x${height}`]);
  });

  it("converts to grey as Pillow does", () => {
    const p: ImagePreprocessing = { ...plain, height: 13, width: 19, channels: "grey" };
    expect(digest(fitImage(image(19, 13, 3), p, "x"))).toBe(pillow.digests["L"]);
  });

  it("crops the centre, halving odd margins to even", () => {
    const p: ImagePreprocessing = { ...plain, channels: "grey", height: 1, width: 2 };
    expect([...fitImage(image(5, 3, 1, [...Array(15).keys()]), p, "x").pixels]).toEqual([7, 8]);
  });

  it("fits the whole image into a letterbox", () => {
    const p: ImagePreprocessing = { ...plain, channels: "grey", height: 4, width: 4, resize: "letterbox" };
    const fitted = fitImage(image(4, 2, 1, [1, 2, 3, 4, 5, 6, 7, 8]), p, "x");
    expect([...fitted.pixels]).toEqual([114, 114, 114, 114, 1, 2, 3, 4, 5, 6, 7, 8, 114, 114, 114, 114]);
    expect(fitImage(image(4, 2, 1), { ...p, pad: 0 }, "x").pixels[0]).toBe(0);
  });

  it("covers targets of any shape", () => {
    const p: ImagePreprocessing = { ...plain, height: 30, width: 50, resize: "shorter-side" };
    expect(fitImage(image(40, 40, 3), p, "x")).toMatchObject({ width: 50, height: 30 });
    expect(fitImage(image(13, 99, 3), p, "x")).toMatchObject({ width: 50, height: 30 });
  });

  it("refuses images that are too small to crop", () => {
    const p: ImagePreprocessing = { ...plain, height: 4, width: 4 };
    expect(() => fitImage(image(3, 5, 3), p, "cat/1.png")).toThrow(
      'Image "cat/1.png" is "5×3" before the crop; the model needs 4×4.',
    );
  });
});

describe("preparing images", () => {
  it("lays channels out first or last", () => {
    expect(prepareOne(small, plain)).toMatchObject({ type: "float32", dims: [1, 3, 2, 2] });
    expect([...(prepareOne(small, plain).data as Float32Array)]).toEqual([
      10, 11, 12, 13, 20, 21, 22, 23, 30, 31, 32, 33,
    ]);
    const last = prepareOne(small, { ...plain, layout: "nhwc" });
    expect(last.dims).toEqual([1, 2, 2, 3]);
    expect([...(last.data as Float32Array)]).toEqual([...small.pixels]);
  });

  it("orders channels blue first, with mean and std in the model's order", () => {
    const { data } = prepareOne(small, { ...plain, channels: "bgr", mean: [30, 0, 0], std: [1, 1, 10] });
    expect([...(data as Float32Array)]).toEqual([
      0,
      1,
      2,
      3,
      20,
      21,
      22,
      23,
      ...[10, 11, 12, 13].map((v) => Math.fround(v / 10)),
    ]);
  });

  it("scales first, then subtracts the mean and divides by the deviation", () => {
    const p = { ...plain, scale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
    const { data } = prepareOne(small, p);
    expect(data[0]).toBe(Math.fround((10 / 255 - 0.485) / 0.229));
    expect(data[11]).toBeCloseTo((33 / 255 - 0.406) / 0.225, 6);
  });

  it("repeats grey for models that take colour, and takes one mean for all channels", () => {
    const grey = image(2, 2, 1, [5, 6, 7, 8]);
    expect([...(prepareOne(grey, { ...plain, mean: [5], std: [] }).data as Float32Array)]).toEqual([
      0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
    ]);
  });

  it("rounds integers half to even and saturates", () => {
    const levels = image(2, 2, 1, [0, 1, 3, 255]);
    const p: ImagePreprocessing = { ...plain, channels: "grey", mean: [0], std: [2], type: "uint8" };
    expect([...(prepareOne(levels, p).data as Uint8Array)]).toEqual([0, 0, 2, 128]);
    const signed = prepareOne(levels, { ...p, mean: [-200], std: [1], type: "int8" });
    expect([...(signed.data as Int8Array)]).toEqual([127, 127, 127, 127]);
    const shifted = prepareOne(levels, { ...p, mean: [128], std: [1], type: "int8" });
    expect([...(shifted.data as Int8Array)]).toEqual([-128, -127, -125, 127]);
  });

  it("prepares half precision", () => {
    const { data, type } = prepareOne(small, { ...plain, scale: 1 / 255, type: "float16" });
    expect(type).toBe("float16");
    expect(data).toBeInstanceOf(Float16Array);
    expect(data[0]).toBe(Math.f16round(10 / 255));
  });

  it("refuses means that do not fit the channels", () => {
    expect(() => preparer({ ...plain, mean: [1, 2] })).toThrow(
      'The preprocessing\'s mean has "2" values for 3 channels.',
    );
  });

  it("refuses arrays where images are expected", () => {
    const array = { type: "float32", dims: [3, 2, 2], data: new Float32Array(12) } as const;
    expect(() => prepareOne({ kind: "array", array }, plain, "x.npy[4]")).toThrow(
      'Sample "x.npy[4]" is a float32[3,2,2] array; the model\'s preprocessing is for images.',
    );
  });
});

describe("preparing arrays", () => {
  const rows: ArrayPreprocessing = { kind: "array", shape: [2, 2], scale: 1, mean: [], std: [], type: "float32" };
  const array = { type: "float32", dims: [4], data: Float32Array.of(1, 2, 3, 4) } as const;

  it("normalises along the last axis", () => {
    const result = prepareOne({ kind: "array", array }, { ...rows, scale: 2, mean: [1, 0], std: [1, 4] });
    expect(result.dims).toEqual([1, 2, 2]);
    expect([...(result.data as Float32Array)]).toEqual([1, 1, 5, 2]);
  });

  it("keeps 64-bit numbers exact", () => {
    const big = { type: "int64", dims: [4], data: BigInt64Array.of(2n ** 60n + 1n, -1n, 0n, 7n) } as const;
    const { data } = prepareOne({ kind: "array", array: big }, { ...rows, type: "int64" });
    expect(data).toEqual(big.data);
    const doubled = prepareOne({ kind: "array", array }, { ...rows, scale: 2, type: "int64" });
    expect(doubled.data).toEqual(BigInt64Array.of(2n, 4n, 6n, 8n));
  });

  it("reads images as arrays for models without image axes", () => {
    const result = prepareOne(image(2, 2, 1, [0, 51, 102, 255]), { ...rows, shape: [4], scale: 1 / 255 });
    expect([...(result.data as Float32Array)]).toEqual([0, 0.2, 0.4, 1].map(Math.fround));
  });

  it("refuses samples that are not numbers", () => {
    const holes = { type: "float32", dims: [4], data: Float32Array.of(1, 2, NaN, 4) } as const;
    for (const type of ["float32", "int64"] as const) {
      expect(() => prepareOne({ kind: "array", array: holes }, { ...rows, type }, "x.npy[3]")).toThrow(
        'Sample "x.npy[3]" holds "NaN" at position 2.',
      );
    }
  });

  it("refuses shapes that do not fit", () => {
    expect(() => prepareOne({ kind: "array", array }, { ...rows, shape: [5] }, "t.csv row 2")).toThrow(
      'Sample "t.csv row 2" has shape "[4]"; the model needs [5].',
    );
  });
});
