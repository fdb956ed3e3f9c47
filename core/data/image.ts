import sharp from "sharp";
import { LatheError } from "../base/error.ts";
import { decodeBmp } from "./bmp.ts";
import type { RawImage } from "./dataset.ts";
import { MAX_PIXELS } from "./limits.ts";

// Every image is decoded once; caches would only hold memory. Parallelism comes from decoding several images.
sharp.cache(false);
sharp.concurrency(1);

/** Endings of file names that are taken for images. */
export const IMAGE_NAME = /\.(png|jpe?g|jpe|jfif|webp|bmp|dib|gif|tiff?|avif)$/i;

type Format = "png" | "jpeg" | "webp" | "bmp" | "gif" | "tiff" | "avif";

/**
 * Decodes an image to 8-bit grey or RGB, upright as its EXIF orientation says. 16-bit samples keep their high
 * byte, palettes are expanded, animations give their first frame. Alpha is dropped without compositing and RGB
 * profiles are ignored, as Pillow's `convert("RGB")` does, with which most models were trained; CMYK is converted
 * through its own profile or a default one.
 * Throws `invalid-data` with the reason, `limit-exceeded` above 2²⁷ pixels.
 */
export async function decodeImage(bytes: Uint8Array): Promise<RawImage> {
  const format = sniff(bytes);
  if (format === undefined) {
    const start = [...bytes.subarray(0, 4)].map((b) => b.toString(16).padStart(2, "0")).join(" ");
    throw new LatheError(
      "invalid-data",
      bytes.length === 0 ? "The file is empty." : `It starts with "${start}", which no known image does.`,
    );
  }
  if (format === "bmp") return decodeBmp(bytes);
  try {
    const { channels, isCmyk } = await colours(bytes, format);
    const { data, info } = await sharp(bytes, { ignoreIcc: !isCmyk, limitInputPixels: MAX_PIXELS, failOn: "error" })
      .autoOrient()
      .removeAlpha()
      .toColourspace(channels === 1 ? "b-w" : "srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== channels) throw new LatheError("internal", `Decoding gave "${info.channels}" channels.`);
    return { kind: "image", width: info.width, height: info.height, channels, pixels: data };
  } catch (thrown) {
    if (thrown instanceof LatheError) throw thrown;
    const reason = (thrown instanceof Error ? thrown.message : String(thrown)).split("\n")[0] ?? "";
    if (reason.includes("pixel limit"))
      throw new LatheError("limit-exceeded", `It has more than ${MAX_PIXELS} pixels.`);
    throw new LatheError("invalid-data", `The ${format} data are damaged: ${reason.trim()}.`, { cause: thrown });
  }
}

/** A picture made small for a grid: an encoded file and its size. */
export interface Encoded {
  readonly bytes: Uint8Array;
  readonly type: "image/png" | "image/webp";
  readonly width: number;
  readonly height: number;
}

/**
 * An image file made to fit a square of `side` pixels, upright; never enlarged. Decoders that can give a smaller image
 * do so, which spares most of the work for photographs. Throws as `decodeImage`.
 */
export async function shrinkImage(bytes: Uint8Array, side: number): Promise<Encoded> {
  const format = sniff(bytes);
  if (format === undefined || format === "bmp") return encodeImage(await decodeImage(bytes), side);
  try {
    const { channels, isCmyk } = await colours(bytes, format);
    const { data, info } = await sharp(bytes, { ignoreIcc: !isCmyk, limitInputPixels: MAX_PIXELS, failOn: "error" })
      .autoOrient()
      .removeAlpha()
      .toColourspace(channels === 1 ? "b-w" : "srgb")
      .resize(side, side, { fit: "inside", withoutEnlargement: true })
      .webp({ quality: 82, effort: 1 })
      .toBuffer({ resolveWithObject: true });
    return { bytes: data, type: "image/webp", width: info.width, height: info.height };
  } catch {
    // Whatever is wrong with the file, decoding it whole says it in the words that people know.
    return encodeImage(await decodeImage(bytes), side);
  }
}

/** Sides up to which every pixel is kept as it is. */
const EXACT = 64;

/** Raw pixels as a file, made to fit a square of `side` pixels where they are larger. */
export async function encodeImage({ width, height, channels, pixels }: RawImage, side: number): Promise<Encoded> {
  const raw = sharp(pixels, { raw: { width, height, channels } });
  if (Math.max(width, height) <= Math.min(side, EXACT)) {
    const bytes = await raw.png({ compressionLevel: 6 }).toBuffer();
    return { bytes, type: "image/png", width, height };
  }
  const { data, info } = await raw
    .resize(side, side, { fit: "inside", withoutEnlargement: true })
    .webp({ quality: 82, effort: 1 })
    .toBuffer({ resolveWithObject: true });
  return { bytes: data, type: "image/webp", width: info.width, height: info.height };
}

/** Raw pixels as a PNG that keeps every level. */
export async function encodeExactly({ width, height, channels, pixels }: RawImage): Promise<Encoded> {
  const bytes = await sharp(pixels, { raw: { width, height, channels } }).png({ compressionLevel: 6 }).toBuffer();
  return { bytes, type: "image/png", width, height };
}

/** The format by its first bytes; names lie. */
function sniff(bytes: Uint8Array): Format | undefined {
  const text = Buffer.from(bytes.subarray(0, 12)).toString("latin1");
  if (text.startsWith("\x89PNG\r\n\x1a\n")) return "png";
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return "jpeg";
  if (text.startsWith("RIFF") && text.endsWith("WEBP")) return "webp";
  if (text.startsWith("BM")) return "bmp";
  if (text.startsWith("GIF8")) return "gif";
  if (text.startsWith("II*\0") || text.startsWith("MM\0*")) return "tiff";
  if (/^ftypavi[fs]$/.test(text.slice(4))) return "avif";
  return undefined;
}

interface Colours {
  readonly channels: 1 | 3;
  readonly isCmyk: boolean;
}

/** Grey or colour. PNG and JPEG say so at a known place, which spares small images a second opening. */
async function colours(bytes: Uint8Array, format: Format): Promise<Colours> {
  if (format === "png" && bytes.length > 25) return { channels: ((bytes[25] ?? 0) & 2) === 0 ? 1 : 3, isCmyk: false };
  if (format === "jpeg") {
    const components = jpegComponents(bytes);
    if (components !== undefined) return { channels: components === 1 ? 1 : 3, isCmyk: components === 4 };
  }
  const { space } = await sharp(bytes, { limitInputPixels: MAX_PIXELS }).metadata();
  return { channels: space === "b-w" || space === "grey16" ? 1 : 3, isCmyk: space === "cmyk" };
}

/** Number of components in the frame header (ITU-T T.81, B.2.2). */
function jpegComponents(bytes: Uint8Array): number | undefined {
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return bytes[at + 9];
    at += 2 + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
  }
  return undefined;
}
