import { readFileSync } from "node:fs";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { decodeBmp } from "../../core/data/bmp.ts";
import { decodeImage } from "../../core/data/image.ts";
import { pattern } from "./fixtures.ts";
import { pillow } from "./pillow.ts";

const raw = (channels: 1 | 2 | 3 | 4, width = 8, height = 6): Sharp =>
  sharp(pattern(width * height * channels), { raw: { width, height, channels } });

describe("decoding images", () => {
  it("reads RGB PNG without loss", async () => {
    const image = await decodeImage(await raw(3).png().toBuffer());
    expect(image).toMatchObject({ width: 8, height: 6, channels: 3 });
    expect([...image.pixels]).toEqual([...pattern(8 * 6 * 3)]);
  });

  it("keeps grey as one channel", async () => {
    const image = await decodeImage(await raw(1).toColourspace("b-w").png().toBuffer());
    expect(image.channels).toBe(1);
    expect([...image.pixels]).toEqual([...pattern(8 * 6)]);
  });

  it("drops alpha and keeps the colours under it", async () => {
    const image = await decodeImage(await raw(4).png().toBuffer());
    const source = pattern(8 * 6 * 4);
    expect([...image.pixels]).toEqual([...source].filter((_, i) => i % 4 !== 3));
  });

  it("drops the alpha of grey images", async () => {
    const image = await decodeImage(await raw(2).toColourspace("b-w").png().toBuffer());
    expect(image.channels).toBe(1);
    expect([...image.pixels]).toEqual([...pattern(8 * 6 * 2)].filter((_, i) => i % 2 === 0));
  });

  it("expands palettes", async () => {
    const colours = [
      [250, 10, 20],
      [0, 200, 100],
      [30, 40, 50],
    ];
    const pixels = Uint8Array.from(Array.from({ length: 48 }, (_, i) => colours[i % 3]!).flat());
    const file = await sharp(pixels, { raw: { width: 8, height: 6, channels: 3 } })
      .png({ palette: true })
      .toBuffer();
    expect(file[25]).toBe(3);
    const image = await decodeImage(file);
    expect([...image.pixels]).toEqual([...pixels]);
  });

  it("keeps the high byte of 16-bit samples", async () => {
    const samples = Uint16Array.from(pattern(8 * 6 * 3), (v) => v * 257);
    const file = await sharp(samples, { raw: { width: 8, height: 6, channels: 3 } })
      .toColourspace("rgb16")
      .png()
      .toBuffer();
    expect(file[24]).toBe(16);
    const image = await decodeImage(file);
    expect([...image.pixels]).toEqual([...pattern(8 * 6 * 3)]);
  });

  it("keeps 16-bit grey as one channel", async () => {
    const samples = Uint16Array.from(pattern(48), (v) => v * 257);
    const file = await sharp(samples, { raw: { width: 8, height: 6, channels: 1 } })
      .toColourspace("grey16")
      .png()
      .toBuffer();
    expect([file[24], file[25]]).toEqual([16, 0]);
    const image = await decodeImage(file);
    expect(image.channels).toBe(1);
    expect([...image.pixels]).toEqual([...pattern(48)]);
  });

  it("turns images upright as EXIF says", async () => {
    const file = await raw(3).withMetadata({ orientation: 6 }).jpeg({ quality: 100 }).toBuffer();
    expect(await decodeImage(file)).toMatchObject({ width: 6, height: 8 });
  });

  it("converts CMYK JPEG to RGB", async () => {
    const plain = sharp({ create: { width: 16, height: 16, channels: 3, background: { r: 150, g: 110, b: 90 } } });
    const file = await plain.toColourspace("cmyk").jpeg({ quality: 100 }).toBuffer();
    expect((await sharp(file).metadata()).space).toBe("cmyk");
    const { channels, pixels } = await decodeImage(file);
    expect(channels).toBe(3);
    [150, 110, 90].forEach((level, c) => expect(Math.abs(pixels[c]! - level)).toBeLessThan(12));
  });

  it("reads the CMYK JPEG that Pillow writes", async () => {
    expect(await decodeImage(Buffer.from(pillow.cmykJpeg, "base64"))).toMatchObject({
      width: 16,
      height: 16,
      channels: 3,
    });
  });

  it("reads WebP, GIF and TIFF without loss", async () => {
    const flat = sharp({ create: { width: 8, height: 6, channels: 3, background: { r: 10, g: 200, b: 90 } } });
    for (const file of [flat.clone().webp({ lossless: true }), flat.clone().gif(), flat.clone().tiff()]) {
      const image = await decodeImage(await file.toBuffer());
      expect(image).toMatchObject({ width: 8, height: 6, channels: 3 });
      expect([...image.pixels.subarray(0, 3)]).toEqual([10, 200, 90]);
    }
  });

  it("reads a grey JPEG as one channel", async () => {
    const file = await raw(1).toColourspace("b-w").jpeg({ quality: 100 }).toBuffer();
    expect((await decodeImage(file)).channels).toBe(1);
  });

  it.each(Object.entries(pillow.bitmaps))("reads the bitmap %s as Pillow does", async (_, { file, rgb, size }) => {
    const image = await decodeImage(Buffer.from(file, "base64"));
    expect([image.width, image.height]).toEqual(size);
    expect(Buffer.from(image.pixels).toString("base64")).toBe(rgb);
  });

  it("reads 16-bit bitmaps and rows from the top", () => {
    const file = Buffer.alloc(54 + 8);
    file.write("BM");
    [
      [10, 54],
      [14, 40],
      [18, 2],
      [28, 16],
    ].forEach(([at, value]) => file.writeUInt32LE(value!, at));
    file.writeInt32LE(-2, 22);
    file.writeUInt16LE(16, 28);
    [0x7fff, 0x7c00, 0x03e0, 0x001f].forEach((pixel, i) => file.writeUInt16LE(pixel, 54 + 2 * i));
    expect([...decodeBmp(file).pixels]).toEqual([255, 255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255]);
  });

  it("decodes by content, whatever the name says", async () => {
    const sample = readFileSync(join(import.meta.dirname, "../../samples/fashion-mnist/t10k-labels-idx1-ubyte.gz"));
    await expect(decodeImage(sample)).rejects.toThrow('It starts with "1f 8b 08 00", which no known image does.');
  });
});
