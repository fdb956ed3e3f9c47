import { describe, expect, it } from "vitest";
import { float32 } from "../../core/base/array.ts";
import { seededRandom } from "../../core/base/random.ts";
import type { ImagePreprocessing, Preprocessing } from "../../core/contract/preprocessing.ts";
import type { Batch } from "../../core/data/batches.ts";
import { augmentBatch, type AugmentOptions, type AugmentSpec } from "../../core/train/augment/augment.ts";
import {
  autoContrast,
  brightness,
  contrast,
  equalize,
  posterize,
  saturation,
  sharpness,
  solarize,
} from "../../core/train/augment/colour.ts";
import { mixBatch } from "../../core/train/augment/mix.ts";
import { rotation, shift, warp } from "../../core/train/augment/move.ts";
import type { Picture } from "../../core/train/augment/picture.ts";
import { maskSpectrum } from "../../core/train/augment/spectrum.ts";
import { preprocessing as grey } from "./pictures.ts";

const rgb: ImagePreprocessing = { ...grey, channels: "rgb", mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3] };

function picture(rows: readonly (readonly number[])[], black = 0): Picture {
  const planes = Float32Array.from(rows.flat());
  return {
    planes,
    spare: new Float32Array(planes.length),
    channels: 1,
    height: rows.length,
    width: rows[0]!.length,
    black: [black],
  };
}

const shown = ({ planes, width }: Picture): number[][] =>
  Array.from({ length: planes.length / width }, (_, y) =>
    Array.from(planes.subarray(y * width, (y + 1) * width), (x) => Number(x.toFixed(4))),
  );

const square = [
  [1, 2, 3],
  [4, 5, 6],
  [7, 8, 9],
];

/** Normal noise, as prepared images have it, with the same sample under the same number wherever it stands. */
function batchOf(indices: readonly number[], p: ImagePreprocessing = grey): Batch {
  const channels = p.channels === "grey" ? 1 : 3;
  const samples = indices.map((index) => {
    const random = seededRandom(index, "sample");
    return Array.from({ length: channels * 64 }, () => random.normal());
  });
  const dims = p.layout === "nchw" ? [indices.length, channels, 8, 8] : [indices.length, 8, 8, channels];
  return {
    indices: Int32Array.from(indices),
    input: float32(dims, samples.flat()),
    labels: Int32Array.from(indices, (i) => i % 3),
  };
}

function augmented(batch: Batch, spec: AugmentSpec, options: Partial<AugmentOptions> = {}): Float32Array {
  augmentBatch(batch, spec, { seed: 1, epoch: 0, preprocessing: grey, ...options });
  return batch.input.data as Float32Array;
}

describe("moving pictures", () => {
  it("shifts them by whole pixels, with black behind", () => {
    const p = picture(square, -1);
    shift(p, { x: 1, y: -1, mirror: false });
    expect(shown(p)).toEqual([
      [-1, 4, 5],
      [-1, 7, 8],
      [-1, -1, -1],
    ]);
  });

  it("mirrors them", () => {
    const p = picture(square);
    shift(p, { x: 0, y: 0, mirror: true });
    expect(shown(p)).toEqual([
      [3, 2, 1],
      [6, 5, 4],
      [9, 8, 7],
    ]);
  });

  it("turns them about the centre", () => {
    const p = picture(square);
    warp(p, rotation(90));
    expect(shown(p)).toEqual([
      [7, 4, 1],
      [8, 5, 2],
      [9, 6, 3],
    ]);
    warp(p, rotation(-90));
    expect(shown(p)).toEqual(square);
  });
});

describe("changing tones", () => {
  const tones = [
    [0, 0.25],
    [0.5, 0.75],
  ];
  const after = (change: (p: Picture) => void, rows: readonly (readonly number[])[] = tones): number[][] => {
    const p = picture(rows);
    change(p);
    return shown(p);
  };

  it("scales brightness and contrast and stays within black and white", () => {
    expect(after((p) => brightness(p, 2))).toEqual([
      [0, 0.5],
      [1, 1],
    ]);
    expect(after((p) => contrast(p, 0))).toEqual([
      [0.375, 0.375],
      [0.375, 0.375],
    ]);
    expect(after((p) => contrast(p, 2))).toEqual([
      [0, 0.125],
      [0.625, 1],
    ]);
  });

  it("solarises, posterises, stretches and flattens", () => {
    expect(after((p) => solarize(p, 0.5))).toEqual([
      [0, 0.25],
      [0.5, 0.25],
    ]);
    expect(after((p) => posterize(p, 1), [[0.2, 0.4, 0.6, 0.8]])).toEqual([[0, 0, 0.502, 0.502]]);
    expect(after((p) => autoContrast(p), [[0.2, 0.4, 0.6]])).toEqual([[0, 0.5, 1]]);
    expect(after((p) => autoContrast(p), [[0.2, 0.2]])).toEqual([[0.2, 0.2]]);
    expect(after((p) => equalize(p), [[0.5, 0.5]])).toEqual([[0.5, 0.5]]);
  });

  it("leaves grey and flat pictures alone where there is nothing to do", () => {
    expect(after((p) => saturation(p, 0))).toEqual(tones);
    const flat = Array.from({ length: 4 }, () => [0.5, 0.5, 0.5, 0.5]);
    expect(after((p) => sharpness(p, 1.9), flat)).toEqual(flat);
  });
});

describe("augmenting a batch", () => {
  const everything: AugmentSpec = {
    crop: 2,
    flip: true,
    rotate: 10,
    brightness: 0.3,
    contrast: 0.3,
    saturation: 0.3,
    policy: { kind: "trivial" },
    erase: 0.5,
  };

  it("does the same to a sample whatever batch it is in, and something else in the next epoch", () => {
    const size = 3 * 64;
    const together = augmented(batchOf([5, 6, 7], rgb), everything, { preprocessing: rgb });
    const alone = augmented(batchOf([6], rgb), everything, { preprocessing: rgb });
    expect(together.subarray(size, 2 * size)).toEqual(alone);
    expect(augmented(batchOf([6], rgb), everything, { preprocessing: rgb, epoch: 1 })).not.toEqual(alone);
  });

  it("leaves the batch as it is where nothing is asked for", () => {
    expect(augmented(batchOf([1, 2]), {})).toEqual(batchOf([1, 2]).input.data);
  });

  it("gives the same picture in either layout", () => {
    const flat: ImagePreprocessing = { ...rgb, layout: "nhwc" };
    const planes = batchOf([3], rgb);
    const pixels = batchOf([3], flat);
    const toPixels = (data: Float32Array): Float32Array =>
      Float32Array.from({ length: data.length }, (_, i) => data[(i % 3) * 64 + Math.floor(i / 3)]!);
    (pixels.input.data as Float32Array).set(toPixels(planes.input.data as Float32Array));
    const expected = toPixels(augmented(planes, everything, { preprocessing: rgb }));
    expect(augmented(pixels, everything, { preprocessing: flat })).toEqual(expected);
  });

  it("keeps values exact when it only moves them", () => {
    const before = new Set(batchOf([4]).input.data as Float32Array);
    const black = Math.fround(-0.3 / 0.3);
    for (const x of augmented(batchOf([4]), { crop: 3, flip: true })) expect(before.has(x) || x === black).toBe(true);
  });

  it("fills erased rectangles with the mean", () => {
    const data = augmented(batchOf(Array.from({ length: 20 }, (_, i) => i)), { erase: 1 });
    const zeros = data.filter((x) => x === 0).length / data.length;
    expect(zeros).toBeGreaterThan(0.05);
    expect(zeros).toBeLessThan(0.4);
  });

  it("blanks bands of spectrograms", () => {
    const sample = new Float32Array(10 * 20).fill(1);
    maskSpectrum(sample, { frequencies: 10, times: 20, frequencyMask: 4, timeMask: 6 }, seededRandom(3));
    const rows = Array.from({ length: 10 }, (_, f) => sample.subarray(f * 20, f * 20 + 20).every((x) => x === 0));
    expect(rows.filter(Boolean).length).toBeLessThanOrEqual(4);
    expect(sample.some((x) => x === 0)).toBe(true);
    expect(sample.some((x) => x === 1)).toBe(true);
  });

  it("refuses what it cannot do", () => {
    const table: Preprocessing = { kind: "array", shape: [4], scale: 1, mean: [0], std: [1], type: "float32" };
    const batch = batchOf([1]);
    const options = { seed: 1, epoch: 0, batch: 0, preprocessing: table };
    expect(() => augmentBatch(batch, { flip: true }, options)).toThrow(
      'Samples of kind "array" cannot be augmented like this.',
    );
    expect(() => mixBatch(batch, { cutmix: 1 }, options)).toThrow("CutMix needs images.");
  });
});

describe("mixing samples", () => {
  const options = { seed: 1, epoch: 0, batch: 0, preprocessing: grey };
  const indices = [1, 2, 3, 4, 5, 6, 7, 8];

  it("adds two samples with the weights that their labels get", () => {
    const before = batchOf(indices).input.data as Float32Array;
    const batch = batchOf(indices);
    const { partner, share } = mixBatch(batch, { mixup: 1 }, options)!;
    const data = batch.input.data as Float32Array;
    expect(
      data.every((x, i) => {
        const [row, at] = [Math.floor(i / 64), i % 64];
        const s = share[row]!;
        return Math.abs(x - (s * before[i]! + (1 - s) * before[partner[row]! * 64 + at]!)) < 1e-5;
      }),
    ).toBe(true);
    expect([...partner].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("pastes a rectangle whose area is the share of the other label", () => {
    const before = batchOf(indices).input.data as Float32Array;
    const batch = batchOf(indices);
    const { share } = mixBatch(batch, { cutmix: 1 }, options)!;
    const data = batch.input.data as Float32Array;
    for (let row = 0; row < indices.length; row++) {
      const kept = Array.from({ length: 64 }, (_, i) => data[row * 64 + i] === before[row * 64 + i]).filter(Boolean);
      expect(kept.length === 64 || Math.abs(kept.length / 64 - share[row]!) < 1e-6).toBe(true);
    }
  });

  it("does nothing where it is off", () => {
    expect(mixBatch(batchOf(indices), {}, options)).toBeUndefined();
  });
});
