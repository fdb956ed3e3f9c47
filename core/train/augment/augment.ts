import { LatheError } from "../../base/error.ts";
import { seededRandom, type Random } from "../../base/random.ts";
import type { ImagePreprocessing, Preprocessing } from "../../contract/preprocessing.ts";
import type { Batch } from "../../data/batches.ts";
import { brightness, contrast, saturation } from "./colour.ts";
import { rotation, shift, warp } from "./move.ts";
import { loadPicture, makePicture, storePicture, tonesOf, type Picture } from "./picture.ts";
import { applyPolicy, type Policy } from "./policy.ts";
import { maskSpectrum } from "./spectrum.ts";

export type { Policy } from "./policy.ts";

/** What is done to the training samples. Everything is off unless it is named. */
export interface AugmentSpec {
  /** Images are moved by up to this many pixels each way, as by padding and cropping. */
  readonly crop?: number;
  /** Images are mirrored half of the time. */
  readonly flip?: boolean;
  /** Images are turned by up to this many degrees each way. */
  readonly rotate?: number;
  /** Factors within 1 ± these. */
  readonly brightness?: number;
  readonly contrast?: number;
  readonly saturation?: number;
  readonly policy?: Policy;
  /** Probability that a rectangle is blanked out (random erasing, Zhong et al. 2020). */
  readonly erase?: number;
  /** Spectrograms [channels, frequencies, times]: widest band that is blanked (SpecAugment, Park et al. 2019). */
  readonly frequencyMask?: number;
  readonly timeMask?: number;
  /** α of mixup (Zhang et al. 2018) and CutMix (Yun et al. 2019); with both, each batch takes one of them. */
  readonly mixup?: number;
  readonly cutmix?: number;
}

export interface AugmentOptions {
  readonly seed: number;
  readonly epoch: number;
  readonly preprocessing: Preprocessing;
}

/**
 * Augments the samples of a batch in place. What happens to a sample follows from seed, epoch and its number alone,
 * not from the batch it is in.
 * @throws unsupported for image operations on what is no float32 image
 */
export function augmentBatch({ input, indices }: Batch, spec: AugmentSpec, options: AugmentOptions): void {
  const { preprocessing, seed, epoch } = options;
  if (!ArrayBuffer.isView(input.data)) return;
  const size = input.data.length / indices.length;
  const randomOf = (i: number): Random => seededRandom(seed, `augment/${epoch}/${indices[i]!}`);
  if (changesPictures(spec)) {
    const { data } = input;
    if (preprocessing.kind !== "image" || !(data instanceof Float32Array)) throw noPicture(preprocessing);
    const change = pictureChanger(spec, preprocessing);
    for (let i = 0; i < indices.length; i++) change(data, i * size, randomOf(i));
  }
  if (spec.frequencyMask === undefined && spec.timeMask === undefined) return;
  const [frequencies = 0, times = 0] = input.dims.slice(-2);
  if (input.dims.length < 3 || !(input.data instanceof Float32Array)) throw noPicture(preprocessing);
  for (let i = 0; i < indices.length; i++) {
    const sample = input.data.subarray(i * size, (i + 1) * size);
    maskSpectrum(sample, { ...spec, frequencies, times }, randomOf(i));
  }
}

function changesPictures({ crop, flip, rotate, erase, policy, ...spec }: AugmentSpec): boolean {
  return [crop, flip, rotate, erase, policy, spec.brightness, spec.contrast, spec.saturation].some(Boolean);
}

function noPicture(preprocessing: Preprocessing): LatheError {
  return new LatheError("unsupported", `Samples of kind "${preprocessing.kind}" cannot be augmented like this.`, {
    hint: "Leave out the augmentations, or prepare the samples as float32 images.",
  });
}

type Change = (data: Float32Array, offset: number, random: Random) => void;

function pictureChanger(spec: AugmentSpec, preprocessing: ImagePreprocessing): Change {
  const isColour = [spec.policy, spec.brightness, spec.contrast, spec.saturation].some(Boolean);
  const tones = tonesOf(preprocessing);
  const unit = isColour ? tones : undefined;
  const picture = makePicture(preprocessing, tones, isColour);
  // The value that stands for nothing known is the data's mean, which preparation has put at 0.
  const blank = picture.black.map((_, c) => (isColour ? -tones.black[c]! / (tones.white[c]! - tones.black[c]!) : 0));
  return (data, offset, random) => {
    const place = { data, offset, layout: preprocessing.layout };
    loadPicture(picture, place, unit);
    const around = (by: number): number => 1 + (2 * random.next() - 1) * by;
    if (spec.crop !== undefined || spec.flip === true) {
      const reach = 2 * (spec.crop ?? 0) + 1;
      const [x, y] = [random.integer(reach) - (spec.crop ?? 0), random.integer(reach) - (spec.crop ?? 0)];
      shift(picture, { x, y, mirror: spec.flip === true && random.next() < 0.5 });
    }
    if (spec.rotate !== undefined) warp(picture, rotation((2 * random.next() - 1) * spec.rotate));
    if (spec.policy !== undefined) applyPolicy(picture, spec.policy, random);
    if (spec.brightness !== undefined) brightness(picture, around(spec.brightness));
    if (spec.contrast !== undefined) contrast(picture, around(spec.contrast));
    if (spec.saturation !== undefined) saturation(picture, around(spec.saturation));
    if (spec.erase !== undefined && random.next() < spec.erase) eraseRectangle(picture, blank, random);
    storePicture(picture, place, unit);
  };
}

/** A rectangle of 2 to 33 % of the area, 0.3 to 3.3 times as high as wide. */
function eraseRectangle(picture: Picture, blank: readonly number[], random: Random): void {
  const { planes, channels, height, width } = picture;
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = (0.02 + 0.31 * random.next()) * height * width;
    const aspect = Math.exp(Math.log(0.3) + random.next() * Math.log(11));
    const [h, w] = [Math.round(Math.sqrt(area * aspect)), Math.round(Math.sqrt(area / aspect))];
    if (h < 1 || w < 1 || h >= height || w >= width) continue;
    const [top, left] = [random.integer(height - h + 1), random.integer(width - w + 1)];
    for (let c = 0; c < channels; c++)
      for (let row = top; row < top + h; row++) {
        const start = (c * height + row) * width + left;
        planes.fill(blank[c]!, start, start + w);
      }
    return;
  }
}
