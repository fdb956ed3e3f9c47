import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import sharp from "sharp";
import { seededRandom } from "../../../core/base/random.ts";
import type { ImagePreprocessing } from "../../../core/contract/preprocessing.ts";

const SIDE = 28;

export const FASHION: ImagePreprocessing = {
  kind: "image",
  channels: "grey",
  height: SIDE,
  width: SIDE,
  resize: "none",
  interpolation: "bilinear",
  scale: 1 / 255,
  mean: [0.286],
  std: [0.353],
  layout: "nchw",
  type: "float32",
};

/**
 * Fashion-MNIST as IDX files in a folder, made from the archive of PNG files: so many training images, as many of each
 * class, and all test images.
 */
export async function makeFashion(data: string, folder: string, training: number): Promise<string> {
  const path = join(folder, `fashion-${training}`);
  if (await stat(path).catch(() => undefined)) return path;
  const part = `${path}.part`;
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { recursive: true });
  const archive = await readFile(join(data, "datasets", "fashion-mnist-png.tar.gz"));
  const files = new Map(pngFiles(gunzipSync(archive)));
  for (const { name, prefix, perClass } of [
    { name: "train", prefix: "train", perClass: training / 10 },
    { name: "test", prefix: "t10k", perClass: Infinity },
  ]) {
    const random = seededRandom(0, name);
    const chosen = Array.from({ length: 10 }, (_, label) => {
      const own = [...files.keys()].filter((file) => file.includes(`/${name}/${label}/`)).sort();
      return random.shuffle(own).slice(0, perClass);
    });
    const order = random.shuffle(chosen.flatMap((own, label) => own.map((file) => ({ file, label }))));
    const images = new Uint8Array(order.length * SIDE * SIDE);
    for (const [i, { file }] of order.entries()) {
      images.set(await sharp(files.get(file)).toColourspace("b-w").raw().toBuffer(), i * SIDE * SIDE);
    }
    await writeFile(join(part, `${prefix}-images-idx3-ubyte`), idx([order.length, SIDE, SIDE], images));
    const labels = Uint8Array.from(order, ({ label }) => label);
    await writeFile(join(part, `${prefix}-labels-idx1-ubyte`), idx([order.length], labels));
  }
  await rename(part, path);
  return path;
}

/** Unsigned bytes as IDX: 00 00 08 rank, big-endian sizes, data. */
function idx(dims: readonly number[], data: Uint8Array): Buffer {
  const head = Buffer.alloc(4 + 4 * dims.length);
  head.writeUInt32BE(0x0800 + dims.length, 0);
  for (const [i, d] of dims.entries()) head.writeUInt32BE(d, 4 + 4 * i);
  return Buffer.concat([head, data]);
}

/** PNG files of a tar archive (POSIX.1-1988 headers). */
function* pngFiles(tar: Buffer): Generator<[string, Buffer]> {
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0;) {
    const name = tar.toString("utf8", at, at + 100).replace(/\0.*$/s, "");
    const size = parseInt(tar.toString("latin1", at + 124, at + 136), 8);
    if (name.endsWith(".png")) yield [name, tar.subarray(at + 512, at + 512 + size)];
    at += 512 + Math.ceil(size / 512) * 512;
  }
}
