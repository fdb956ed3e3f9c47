import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { decodeImage } from "../../core/data/image.ts";
import { failureOf, pattern } from "./fixtures.ts";
import { pillow } from "./pillow.ts";

const bitmap = (): Buffer => Buffer.from(pillow.bitmaps.bmp24.file, "base64");

describe("damaged images", () => {
  it("names what is wrong with a file that is cut off", async () => {
    const whole = await sharp(pattern(64 * 64 * 3), { raw: { width: 64, height: 64, channels: 3 } })
      .png()
      .toBuffer();
    const { code, message } = await failureOf(decodeImage(whole.subarray(0, whole.length / 2)));
    expect(code).toBe("invalid-data");
    expect(message).toMatch(/^The png data are damaged: \S/);
  });

  it("refuses a JPEG that is cut off instead of filling it with grey", async () => {
    const whole = await sharp(pattern(64 * 64 * 3), { raw: { width: 64, height: 64, channels: 3 } })
      .jpeg()
      .toBuffer();
    const { message } = await failureOf(decodeImage(whole.subarray(0, whole.length / 2)));
    expect(message).toMatch(/^The jpeg data are damaged: \S/);
  });

  it("says that a file is empty", async () => {
    expect(await failureOf(decodeImage(new Uint8Array(0)))).toMatchObject({
      code: "invalid-data",
      message: "The file is empty.",
    });
  });

  it("refuses SVG, which could name other files", async () => {
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    expect((await failureOf(decodeImage(svg))).message).toBe(
      'It starts with "3c 73 76 67", which no known image does.',
    );
  });

  it("refuses a PNG whose header asks for more memory than there is", async () => {
    const png = await sharp(pattern(27), { raw: { width: 3, height: 3, channels: 3 } })
      .png()
      .toBuffer();
    png.writeUInt32BE(0x00ffffff, 16);
    png.writeUInt32BE(0x00ffffff, 20);
    const { code } = await failureOf(decodeImage(png));
    expect(["limit-exceeded", "invalid-data"]).toContain(code);
  });

  it.each([
    [
      "width",
      18,
      0x7fffffff,
      "limit-exceeded",
      'The bitmap says that it is "2147483647×4" pixels, more than 134217728.',
    ],
    ["height", 22, 0, "invalid-data", 'The bitmap says that it is "5×0" pixels.'],
    ["bits", 28, 7, "invalid-data", 'The bitmap says that it has "7" bits per pixel.'],
    ["compression", 30, 1, "unsupported", 'Bitmap compression "1" is not read.'],
    ["start", 10, 9999, "invalid-data", 'The bitmap needs "10063" bytes and has "118".'],
    ["header", 14, 12, "unsupported", 'A bitmap header of "12" bytes (OS/2) is not read.'],
  ])("refuses a bitmap with a false %s", async (...[, at, value, code, message]) => {
    const file = bitmap();
    file.writeUInt32LE(value, at);
    expect(await failureOf(decodeImage(file))).toMatchObject({ code, message });
  });

  it("refuses bitmap pixels outside of the palette", async () => {
    const file = Buffer.from(pillow.bitmaps.bmp8.file, "base64");
    file[file.readUInt32LE(10)] = 255;
    file.writeUInt32LE(8, 46);
    expect((await failureOf(decodeImage(file))).message).toBe('Pixel 0 has palette entry "255" of 8.');
  });

  it("refuses a bitmap whose palette is longer than the file", async () => {
    const file = Buffer.from(pillow.bitmaps.bmp8.file, "base64");
    file.writeUInt32LE(0x10000000, 46);
    expect((await failureOf(decodeImage(file))).message).toBe(
      'The bitmap says that its palette has "268435456" entries.',
    );
  });
});
