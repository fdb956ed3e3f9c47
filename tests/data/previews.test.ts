import sharp from "sharp";
import { expect, test } from "vitest";
import type { ImagePreprocessing } from "../../core/contract/preprocessing.ts";
import type { SamplePreview } from "../../core/contract/samples.ts";
import { previewArray, previewRaw } from "../../core/data/previews.ts";
import { describeTensor, stepsOf } from "../../core/data/tensorFacts.ts";

async function pixelsOf(preview: SamplePreview): Promise<{ width: number; height: number; levels: number[] }> {
  if (preview.kind !== "image") throw new Error(`It is a ${preview.kind}.`);
  const bytes = Buffer.from(preview.url.split(",")[1] ?? "", "base64");
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, levels: [...data] };
}

test("keeps every pixel of a small image and shrinks a large one", async () => {
  const pixels = Uint8Array.of(0, 50, 100, 150, 200, 250);
  const small = await previewRaw({ kind: "image", width: 3, height: 2, channels: 1, pixels }, 64);
  expect(small).toMatchObject({ kind: "image", width: 3, height: 2 });
  const { levels } = await pixelsOf(small);
  expect(levels.filter((_, i) => levels.length === 6 || i % 3 === 0)).toEqual([...pixels]);
  const wide = {
    kind: "image",
    width: 400,
    height: 100,
    channels: 3,
    pixels: new Uint8Array(120_000).fill(90),
  } as const;
  const large = await previewRaw(wide, 96);
  expect(large).toMatchObject({ width: 400, height: 100 });
  expect(await pixelsOf(large)).toMatchObject({ width: 96, height: 24 });
});

test("shows short arrays as values, long ones as their course, matrices as pictures", async () => {
  const array = (dims: number[], data: Float32Array) => ({ type: "float32", dims, data }) as const;
  expect(await previewArray(array([4], Float32Array.of(1, -2, 3, 0.5)))).toEqual({
    kind: "values",
    dims: [4],
    type: "float32",
    values: [1, -2, 3, 0.5],
  });
  const wave = Float32Array.from({ length: 9600 }, (_, i) => (i % 2 === 0 ? 1 : -1) * (i < 4800 ? 1 : 5));
  const curve = await previewArray(array([9600], wave));
  expect(curve).toMatchObject({ kind: "curve", dims: [9600] });
  expect(curve.kind === "curve" && [curve.low.length, curve.low[0], curve.high[95]]).toEqual([96, -1, 5]);
  const matrix = await previewArray(
    array(
      [1, 10, 16],
      Float32Array.from({ length: 160 }, (_, i) => i - 80),
    ),
  );
  expect(matrix).toMatchObject({ kind: "image", width: 16, height: 10, range: { low: -80, high: 79 } });
});

const preprocessing: ImagePreprocessing = {
  kind: "image",
  channels: "bgr",
  height: 2,
  width: 2,
  resize: "none",
  interpolation: "bilinear",
  scale: 1 / 255,
  mean: [0.5],
  std: [0.5],
  layout: "nchw",
  type: "float32",
};

test("describes the tensor that the model gets: channel by channel in the model's order, drawn as it is", async () => {
  // Red everywhere; the lower half has some blue.
  const pixels = Uint8Array.of(255, 0, 0, 255, 0, 0, 255, 0, 255, 255, 0, 255);
  const sample = { kind: "image", width: 2, height: 2, channels: 3, pixels } as const;
  for (const layout of ["nchw", "nhwc"] as const) {
    const tensor = await describeTensor(sample, { ...preprocessing, layout }, "s");
    expect(tensor.shape).toEqual(layout === "nchw" ? [3, 2, 2] : [2, 2, 3]);
    expect(tensor.channels).toEqual([
      { name: "0: Blue", minimum: -1, mean: 0, deviation: 1, maximum: 1 },
      { name: "1: Green", minimum: -1, mean: -1, deviation: 0, maximum: -1 },
      { name: "2: Red", minimum: 1, mean: 1, deviation: 0, maximum: 1 },
    ]);
    expect(tensor.pictures.map((p) => p.title)).toEqual([
      "Channels 0–2 as red, green, blue",
      "Channel 0: Blue",
      "Channel 1: Green",
      "Channel 2: Red",
    ]);
    // A model that takes blue first sees red as its third channel, and so does whoever looks.
    expect((await pixelsOf(tensor.pictures[0]!.preview)).levels.slice(0, 3)).toEqual([0, 0, 255]);
  }
});

test("says in words what a preprocessing does, in order", () => {
  expect(stepsOf(preprocessing)).toEqual([
    "Blue, green, red",
    "Centre crop to 2 × 2",
    "Multiply by 1/255",
    "Subtract the mean 0.500",
    "Divide by the deviation 0.500",
    "NCHW, float32",
  ]);
  const fitted = { ...preprocessing, resize: "shorter-side", resizeTo: 256, height: 224, width: 224 } as const;
  expect(stepsOf(fitted).slice(1, 3)).toEqual(["Resize the shorter side to 256, bilinear", "Centre crop to 224 × 224"]);
  expect(stepsOf({ kind: "array", shape: [4], scale: 1, mean: [0], std: [], type: "float32" })).toEqual([
    "Shape [4], float32",
  ]);
});
