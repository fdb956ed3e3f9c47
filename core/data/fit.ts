import { LatheError } from "../base/error.ts";
import type { ImagePreprocessing } from "../contract/preprocessing.ts";
import type { RawImage } from "./dataset.ts";
import { resample } from "./resample.ts";
import { roundHalfEven } from "../base/rounding.ts";

const DEFAULT_PAD = 114;

/**
 * Channels, resize and crop of a preprocessing; the result has exactly its height, width and channels.
 * - `none`: the centre is cropped; a smaller image is refused.
 * - `stretch`: both sides are resized to the target.
 * - `shorter-side`: the shorter side becomes `resizeTo` and the longer one ⌊resizeTo·longer/shorter⌋; without
 *   `resizeTo` the image just covers the target. Then the centre is cropped. These are torchvision's `Resize` and
 *   `CenterCrop`: an odd margin is halved with ties to even.
 * - `letterbox`: the whole image fits, centred, and `pad` fills the rest.
 */
export function fitImage(image: RawImage, p: ImagePreprocessing, name: string): RawImage {
  const source = toChannels(image, p.channels === "grey" ? 1 : 3);
  if (p.resize === "letterbox") return letterbox(source, p);
  const resized = resample(source, resizedSize(source, p), p.interpolation);
  return centreCrop(resized, p, name);
}

/** Whether an image of this size is neither resampled nor cropped. */
export function isUntouched(size: { width: number; height: number }, p: ImagePreprocessing): boolean {
  const resized = p.resize === "letterbox" ? size : resizedSize(size, p);
  return size.width === p.width && size.height === p.height && resized.width === p.width && resized.height === p.height;
}

function resizedSize(
  image: { width: number; height: number },
  p: ImagePreprocessing,
): { width: number; height: number } {
  const { width, height } = image;
  switch (p.resize) {
    case "none":
    case "letterbox":
      return { width, height };
    case "stretch":
      return { width: p.width, height: p.height };
    case "shorter-side": {
      if (p.resizeTo === undefined) {
        const ratio = Math.max(p.width / width, p.height / height);
        return {
          width: Math.max(p.width, Math.trunc(width * ratio)),
          height: Math.max(p.height, Math.trunc(height * ratio)),
        };
      }
      const to = p.resizeTo;
      return width <= height
        ? { width: to, height: Math.trunc((to * height) / width) }
        : { width: Math.trunc((to * width) / height), height: to };
    }
  }
}

/** ITU-R 601 luma in 16-bit fixed point; grey levels are repeated. */
function toChannels(image: RawImage, channels: 1 | 3): RawImage {
  if (image.channels === channels) return image;
  const { width, height, pixels: from } = image;
  const area = width * height;
  const pixels = new Uint8Array(area * channels);
  if (channels === 1) {
    for (let i = 0; i < area; i++) {
      pixels[i] = (from[3 * i]! * 19595 + from[3 * i + 1]! * 38470 + from[3 * i + 2]! * 7471 + 0x8000) >> 16;
    }
  } else {
    for (let i = 0; i < area; i++) pixels.fill(from[i]!, 3 * i, 3 * i + 3);
  }
  return { kind: "image", width, height, channels, pixels };
}

function centreCrop(image: RawImage, p: ImagePreprocessing, name: string): RawImage {
  if (image.width === p.width && image.height === p.height) return image;
  if (image.width < p.width || image.height < p.height) {
    const text = `Image "${name}" is "${image.height}×${image.width}" before the crop; the model needs ${p.height}×${p.width}.`;
    const hint =
      p.resize === "none"
        ? 'Choose resize "stretch", "shorter-side" or "letterbox".'
        : `Raise resizeTo to ${Math.max(p.height, p.width)} or more.`;
    throw new LatheError("invalid-data", text, { hint });
  }
  const left = roundHalfEven((image.width - p.width) / 2);
  const top = roundHalfEven((image.height - p.height) / 2);
  const pixels = new Uint8Array(p.width * p.height * image.channels);
  const row = p.width * image.channels;
  for (let y = 0; y < p.height; y++) {
    const from = ((top + y) * image.width + left) * image.channels;
    pixels.set(image.pixels.subarray(from, from + row), y * row);
  }
  return { kind: "image", width: p.width, height: p.height, channels: image.channels, pixels };
}

function letterbox(image: RawImage, p: ImagePreprocessing): RawImage {
  const ratio = Math.min(p.width / image.width, p.height / image.height);
  const width = Math.max(1, Math.min(p.width, Math.round(image.width * ratio)));
  const height = Math.max(1, Math.min(p.height, Math.round(image.height * ratio)));
  const inner = resample(image, { width, height }, p.interpolation);
  const left = Math.floor((p.width - width) / 2);
  const top = Math.floor((p.height - height) / 2);
  const { channels } = image;
  const pixels = new Uint8Array(p.width * p.height * channels).fill(p.pad ?? DEFAULT_PAD);
  const row = width * channels;
  for (let y = 0; y < height; y++) {
    pixels.set(inner.pixels.subarray(y * row, (y + 1) * row), ((top + y) * p.width + left) * channels);
  }
  return { kind: "image", width: p.width, height: p.height, channels, pixels };
}
