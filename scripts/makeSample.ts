// Makes samples/fashion-mnist from the Fashion-MNIST PNG archive (train/<class>/*.png, test/<class>/*.png):
//   node scripts/makeSample.ts fashion-mnist-png.tar.gz
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import sharp from "sharp";
import { seededRandom } from "../core/base/random.ts";

const SIDE = 28;
const CLASSES = 10;
const SEED = 2017;
const PARTS = [
  { folder: "train", prefix: "train", perClass: 600 },
  { folder: "test", prefix: "t10k", perClass: 100 },
] as const;

const archive = process.argv[2];
if (archive === undefined) {
  console.error("usage: node scripts/makeSample.ts fashion-mnist-png.tar.gz");
  process.exit(2);
}
const files = new Map(tarFiles(gunzipSync(readFileSync(archive))));
const out = join(import.meta.dirname, "../samples/fashion-mnist");
mkdirSync(out, { recursive: true });
for (const part of PARTS) {
  const random = seededRandom(SEED, part.folder);
  const chosen: { name: string; label: number }[] = [];
  for (let label = 0; label < CLASSES; label++) {
    const names = [...files.keys()].filter((name) => name.includes(`/${part.folder}/${label}/`)).sort();
    chosen.push(
      ...random
        .shuffle(names)
        .slice(0, part.perClass)
        .map((name) => ({ name, label })),
    );
  }
  const order = random.shuffle(chosen);
  const images = new Uint8Array(order.length * SIDE * SIDE);
  for (const [i, { name }] of order.entries()) {
    const pixels = await sharp(files.get(name)).toColourspace("b-w").raw().toBuffer();
    if (pixels.length !== SIDE * SIDE) throw new Error(`${name} has ${pixels.length} samples`);
    images.set(pixels, i * SIDE * SIDE);
  }
  write(`${part.prefix}-images-idx3-ubyte.gz`, [order.length, SIDE, SIDE], images);
  write(
    `${part.prefix}-labels-idx1-ubyte.gz`,
    [order.length],
    Uint8Array.from(order, (sample) => sample.label),
  );
}

/** An IDX file of unsigned bytes: 00 00 08 rank, big-endian dimensions, data. */
function write(name: string, dims: readonly number[], data: Uint8Array): void {
  const file = Buffer.alloc(4 + 4 * dims.length + data.length);
  file.writeUInt32BE(0x0800 + dims.length, 0);
  dims.forEach((d, i) => file.writeUInt32BE(d, 4 + 4 * i));
  file.set(data, 4 + 4 * dims.length);
  writeFileSync(join(out, name), gzipSync(file, { level: 9, memLevel: 9 }));
}

/** PNG files of an uncompressed tar archive (POSIX.1-1988 ustar headers are enough here). */
function* tarFiles(tar: Buffer): Generator<[string, Buffer]> {
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0;) {
    const name = tar.toString("utf8", at, at + 100).replace(/\0.*$/s, "");
    const size = parseInt(tar.toString("latin1", at + 124, at + 136), 8);
    if (name.endsWith(".png")) yield [name, tar.subarray(at + 512, at + 512 + size)];
    at += 512 + Math.ceil(size / 512) * 512;
  }
}
