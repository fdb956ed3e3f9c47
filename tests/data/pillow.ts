import { readFileSync } from "node:fs";
import { join } from "node:path";

interface Bitmap {
  readonly file: string;
  readonly rgb: string;
  readonly size: readonly [number, number];
}

interface Reference {
  /** First 16 hexadecimal digits of the SHA-256 of what Pillow makes of `pattern` images. */
  readonly digests: Readonly<Record<string, string>>;
  readonly bitmaps: Readonly<Record<"bmp1" | "bmp8" | "bmp24" | "bmp32", Bitmap>>;
  readonly cmykJpeg: string;
}

/** Made by Pillow; its version is in the file. */
export const pillow = JSON.parse(readFileSync(join(import.meta.dirname, "pillow.json"), "utf8")) as Reference;
