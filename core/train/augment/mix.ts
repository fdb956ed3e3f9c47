import { LatheError } from "../../base/error.ts";
import { seededRandom, type Random } from "../../base/random.ts";
import type { Preprocessing } from "../../contract/preprocessing.ts";
import type { Batch } from "../../data/batches.ts";
import type { Mixing } from "../targets.ts";
import type { AugmentSpec } from "./augment.ts";

export interface MixOptions {
  readonly seed: number;
  readonly epoch: number;
  /** Number of the batch in its epoch. */
  readonly batch: number;
  readonly preprocessing: Preprocessing;
}

/**
 * Mixes each sample of a batch with another one, in place: a weighted sum (mixup) or a rectangle of the other
 * (CutMix). Says how the labels are to be mixed; undefined where the specification asks for neither.
 * @throws unsupported for CutMix on what is no image
 */
export function mixBatch({ input, indices }: Batch, spec: AugmentSpec, options: MixOptions): Mixing | undefined {
  const { mixup = 0, cutmix = 0 } = spec;
  if (mixup === 0 && cutmix === 0) return undefined;
  const { data } = input;
  if (!(data instanceof Float32Array)) {
    throw new LatheError("unsupported", `Samples of type "${input.type}" cannot be mixed.`, {
      hint: "Leave out mixup and cutmix.",
    });
  }
  const random = seededRandom(options.seed, `mix/${options.epoch}/${options.batch}`);
  const rows = indices.length;
  const partner = Int32Array.from(random.shuffle(Array.from({ length: rows }, (_, i) => i)));
  const cuts = cutmix > 0 && (mixup === 0 || random.next() < 0.5);
  const own = beta(cuts ? cutmix : mixup, random);
  const before = data.slice();
  const share = cuts
    ? pasteRectangles({ data, before, partner }, options.preprocessing, { own, random })
    : blend({ data, before, partner }, own);
  return { partner, share: new Float32Array(rows).fill(share) };
}

interface Mixed {
  readonly data: Float32Array;
  readonly before: Float32Array;
  readonly partner: Int32Array;
}

function blend({ data, before, partner }: Mixed, own: number): number {
  const size = data.length / partner.length;
  partner.forEach((other, row) => {
    const [to, from] = [row * size, other * size];
    for (let i = 0; i < size; i++) data[to + i] = own * before[to + i]! + (1 - own) * before[from + i]!;
  });
  return own;
}

function pasteRectangles(
  { data, before, partner }: Mixed,
  preprocessing: Preprocessing,
  { own, random }: { readonly own: number; readonly random: Random },
): number {
  if (preprocessing.kind !== "image") {
    throw new LatheError("unsupported", "CutMix needs images.", { hint: "Leave out cutmix, or use mixup." });
  }
  const { height, width, layout } = preprocessing;
  const channels = preprocessing.channels === "grey" ? 1 : 3;
  const [h, w] = [height, width].map((edge) => edge * Math.sqrt(1 - own)) as [number, number];
  const [y, x] = [random.integer(height), random.integer(width)];
  const span = (centre: number, size: number, edge: number): readonly [number, number] => [
    Math.max(0, Math.round(centre - size / 2)),
    Math.min(edge, Math.round(centre + size / 2)),
  ];
  const [[top, bottom], [left, right]] = [span(y, h, height), span(x, w, width)];
  const size = data.length / partner.length;
  partner.forEach((other, row) => {
    for (let c = 0; c < (layout === "nchw" ? channels : 1); c++)
      for (let line = top; line < bottom; line++) {
        const step = layout === "nchw" ? 1 : channels;
        const at = ((c * height + line) * width + left) * step;
        const length = (right - left) * step;
        data.set(before.subarray(other * size + at, other * size + at + length), row * size + at);
      }
  });
  return 1 - ((bottom - top) * (right - left)) / (height * width);
}

/** Beta(α, α), as the ratio of two gamma variates. */
function beta(alpha: number, random: Random): number {
  const [a, b] = [gamma(alpha, random), gamma(alpha, random)];
  return a + b > 0 ? a / (a + b) : 0.5;
}

/** Marsaglia and Tsang 2000; for α < 1 by Gamma(α + 1)·U^(1/α). */
function gamma(alpha: number, random: Random): number {
  if (alpha < 1) return gamma(alpha + 1, random) * (1 - random.next()) ** (1 / alpha);
  const d = alpha - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random.next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}
