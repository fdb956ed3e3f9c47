import { seededRandom } from "../../core/base/random.ts";
import type { ImagePreprocessing } from "../../core/contract/preprocessing.ts";
import { sampleStream, type SampleStream } from "../../core/data/batches.ts";
import type { Dataset, RawImage } from "../../core/data/dataset.ts";

const SIZE = 8;

export const preprocessing: ImagePreprocessing = {
  kind: "image",
  channels: "grey",
  height: SIZE,
  width: SIZE,
  resize: "none",
  interpolation: "bilinear",
  scale: 1 / 255,
  mean: [0.3],
  std: [0.3],
  layout: "nchw",
  type: "float32",
};

/** Noisy grey pictures in memory, with one bright row in four possible places, which is the class. */
export function stripes(count: number, seed = 1): SampleStream {
  const random = seededRandom(seed, "stripes");
  const labels = Int32Array.from({ length: count }, () => random.integer(4));
  const images = Array.from(labels, (label): RawImage => {
    const pixels = Uint8Array.from({ length: SIZE * SIZE }, (_, i) => {
      const isBright = Math.floor(i / SIZE) === 2 * label;
      return Math.max(0, Math.min(255, (isBright ? 160 : 60) + 40 * random.normal()));
    });
    return { kind: "image", width: SIZE, height: SIZE, channels: 1, pixels };
  });
  const view = (index: number): RawImage => images[index]!;
  const dataset: Dataset = {
    info: {
      format: "npy",
      kind: "image",
      path: "stripes",
      count,
      classes: ["a", "b", "c", "d"],
      sampleShape: [SIZE, SIZE, 1],
      unreadable: [],
      unreadableCount: 0,
      fingerprint: `stripes ${seed}`,
    },
    labels,
    given: undefined,
    name: (index) => `stripe ${index}`,
    file: () => undefined,
    read: (index) => Promise.resolve(view(index)),
    view,
    index: undefined,
    close: () => Promise.resolve(),
  };
  return sampleStream(dataset, { indices: Int32Array.from({ length: count }, (_, i) => i), preprocessing });
}
