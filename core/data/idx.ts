import { createReadStream } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { createGunzip } from "node:zlib";
import { elementCount } from "../base/array.ts";
import type { ElementType } from "../base/elementType.ts";
import { LatheError, toLatheError } from "../base/error.ts";
import { imageLayout, recordDecoder, toLabels, typedArray, type ArrayLayout } from "./bytes.ts";
import { readClassNames, splitOf } from "./classes.ts";
import type { Dataset } from "./dataset.ts";
import { MAX_HELD_BYTES, MAX_SAMPLES } from "./limits.ts";
import { recordDataset, type Part } from "./recordDataset.ts";
import { closingOnFailure, fileRecords, heldRecords, type Records } from "./records.ts";

/** `train-images-idx3-ubyte.gz`, `t10k-labels.idx1-ubyte`, `emnist-digits-test-images-idx3-ubyte`. */
const NAME = /^(?:(.+)[-_.])?(images|labels)[-_.]idx\d(?:[-_.]\w+)?(\.gz)?$/i;

const TYPES: Readonly<Record<number, { type: ElementType; width: number }>> = {
  0x08: { type: "uint8", width: 1 },
  0x09: { type: "int8", width: 1 },
  0x0b: { type: "int16", width: 2 },
  0x0c: { type: "int32", width: 4 },
  0x0d: { type: "float32", width: 4 },
  0x0e: { type: "float64", width: 8 },
};

export function isIdxName(name: string): boolean {
  return NAME.test(name);
}

interface Pair {
  readonly prefix: string;
  readonly images: string;
  readonly labels: string | undefined;
}

/**
 * Opens IDX files (Y. LeCun's MNIST format; gzip or not): all pairs of a folder, or the pair that a file belongs to.
 * Throws `invalid-data` where headers, lengths or counts of labels are wrong.
 */
export async function openIdx(path: string, isFolder: boolean): Promise<Dataset> {
  return closingOnFailure(async (opened) => openPairs(path, isFolder, opened));
}

async function openPairs(path: string, isFolder: boolean, opened: Records[]): Promise<Dataset> {
  const folder = isFolder ? path : dirname(path);
  const pairs = findPairs(await readdir(folder), isFolder ? undefined : basename(path));
  const layouts: ArrayLayout[] = [];
  const parts: Part[] = [];
  for (const pair of pairs) {
    const images = await readIdx(join(folder, pair.images), pair.images);
    opened.push(images.records);
    const split = pair.prefix
      .split(/[-_.]/)
      .map(splitOf)
      .find((s) => s !== undefined);
    layouts.push(images.layout);
    parts.push({
      name: pair.images.replace(/\.gz$/i, ""),
      split,
      records: images.records,
      labels: await readLabels(folder, pair, images.records.count),
    });
  }
  const first = layouts[0];
  if (first === undefined) throw new LatheError("invalid-data", `"${path}" has no IDX images.`);
  requireOneShape(layouts, parts);
  const image = imageLayout(first);
  return recordDataset({
    format: "idx",
    path,
    parts,
    classes: await readClassNames(folder),
    kind: image === undefined ? "array" : "image",
    sampleShape: image?.shape ?? first.shape,
    decode: recordDecoder(first),
  });
}

function requireOneShape(layouts: readonly ArrayLayout[], parts: readonly Part[]): void {
  const describe = (layout: ArrayLayout): string => `${layout.type}[${layout.shape.join(",")}]`;
  const odd = layouts.findIndex((layout) => describe(layout) !== describe(layouts[0]!));
  if (odd > 0) {
    const text = `"${parts[odd]!.name}" holds "${describe(layouts[odd]!)}"; "${parts[0]!.name}" holds ${describe(layouts[0]!)}.`;
    throw new LatheError("invalid-data", text, { hint: "Open one of the files alone." });
  }
}

function findPairs(names: readonly string[], wanted: string | undefined): Pair[] {
  const sorted = [...names].sort();
  const matches = sorted.flatMap((name) => {
    const match = NAME.exec(name);
    return match === null ? [] : [{ name, prefix: match[1] ?? "", kind: match[2]!.toLowerCase() }];
  });
  const chosen = wanted === undefined ? undefined : (NAME.exec(wanted)?.[1] ?? "");
  if (wanted !== undefined && !NAME.test(wanted)) return [{ prefix: "", images: wanted, labels: undefined }];
  const prefixes = [...new Set(matches.map(({ prefix }) => prefix))].filter(
    (p) => chosen === undefined || p === chosen,
  );
  const splits = prefixes.map(
    (prefix) =>
      prefix
        .split(/[-_.]/)
        .map(splitOf)
        .find((s) => s !== undefined) ?? "",
  );
  const twice = splits.findIndex((split, i) => splits.indexOf(split) !== i);
  if (twice > 0) {
    const other = prefixes[splits.indexOf(splits[twice]!)]!;
    throw new LatheError(
      "invalid-data",
      `The folder holds more than one data set: "${other}" and "${prefixes[twice]!}".`,
      {
        hint: "Name one of the files instead of the folder.",
      },
    );
  }
  return prefixes
    .flatMap((prefix) => {
      const of = (kind: string): string | undefined =>
        matches.find((m) => m.prefix === prefix && m.kind === kind)?.name;
      const images = of("images");
      return images === undefined ? [] : [{ prefix, images, labels: of("labels") }];
    })
    .sort((a, b) => order(a.prefix) - order(b.prefix) || (a.prefix < b.prefix ? -1 : 1));
}

/** Train before test, so that samples are numbered as in the papers. */
function order(prefix: string): number {
  const split = prefix
    .split(/[-_.]/)
    .map(splitOf)
    .find((s) => s !== undefined);
  return ["train", "validation", "test"].indexOf(split ?? "train");
}

async function readLabels(folder: string, pair: Pair, count: number): Promise<Int32Array | undefined> {
  if (pair.labels === undefined) return undefined;
  const { layout, records } = await readIdx(join(folder, pair.labels), pair.labels);
  const array = typedArray(await whole(records), { ...layout, shape: [records.count, ...layout.shape] });
  const labels = layout.shape.length === 0 ? toLabels(array) : undefined;
  if (labels === undefined) {
    throw new LatheError(
      "invalid-data",
      `"${pair.labels}" holds "${layout.type}[${[records.count, ...layout.shape].join(",")}]"; labels are one whole number per sample.`,
    );
  }
  if (labels.length !== count) {
    throw new LatheError(
      "invalid-data",
      `"${pair.labels}" has "${labels.length}" labels for the ${count} images of "${pair.images}".`,
      {
        hint: "Use the label file that belongs to these images.",
      },
    );
  }
  return labels;
}

async function whole(records: Records): Promise<Uint8Array> {
  const bytes = new Uint8Array(records.count * records.stride);
  for (let i = 0; i < records.count; i++) bytes.set(await records.read(i), i * records.stride);
  await records.close();
  return bytes;
}

interface IdxFile {
  readonly layout: ArrayLayout;
  readonly records: Records;
}

async function readIdx(path: string, name: string): Promise<IdxFile> {
  if (/\.gz$/i.test(path)) return readPacked(path, name);
  const file = await open(path).catch((e: unknown) => {
    throw toLatheError(e, `Opening "${path}"`);
  });
  try {
    const { size } = await file.stat();
    const start = new Uint8Array(Math.min(size, 4 + 4 * 255));
    await file.read(start, 0, start.length, 0);
    const { layout, count, offset, stride } = readHeader(start, name);
    if (offset + count * stride !== size) throw wrongLength(name, offset + count * stride, String(size));
    return { layout, records: await fileRecords(path, { offset, stride, count }) };
  } finally {
    await file.close();
  }
}

/** Unpacks only as much as the header says, so that a small file cannot fill the memory. */
async function readPacked(path: string, name: string): Promise<IdxFile> {
  const source = createReadStream(path);
  const gunzip = source.on("error", (e) => gunzip.destroy(e)).pipe(createGunzip());
  const chunks: Buffer[] = [];
  let have = 0;
  let header: Header | undefined;
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      have += chunk.length;
      if (header === undefined && have >= 4 + 4 * 255) header = readHeader(Buffer.concat(chunks), name);
      const need = header === undefined ? Infinity : header.offset + header.count * header.stride;
      if (need !== Infinity && need > MAX_HELD_BYTES) {
        throw new LatheError("limit-exceeded", `"${name}" unpacks to "${need}" bytes, more than ${MAX_HELD_BYTES}.`, {
          hint: "Unpack the file with gunzip first; unpacked files are read in parts.",
        });
      }
      if (have > need) throw wrongLength(name, need, "more");
    }
  } catch (thrown) {
    if (thrown instanceof LatheError) throw thrown;
    if (thrown instanceof Error && "errno" in thrown && "syscall" in thrown)
      throw toLatheError(thrown, `Reading "${path}"`);
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new LatheError("invalid-data", `"${name}" is damaged: gzip says "${reason}".`, { cause: thrown });
  } finally {
    source.destroy();
  }
  const bytes = Buffer.concat(chunks);
  const { layout, count, offset, stride } = header ?? readHeader(bytes, name);
  if (offset + count * stride !== have) throw wrongLength(name, offset + count * stride, String(have));
  return { layout, records: heldRecords(bytes.subarray(offset), stride) };
}

interface Header {
  readonly layout: ArrayLayout;
  readonly count: number;
  readonly offset: number;
  readonly stride: number;
}

function readHeader(bytes: Uint8Array, name: string): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = bytes.length < 4 ? "" : [...bytes.subarray(0, 4)].map((b) => b.toString(16).padStart(2, "0")).join(" ");
  const kind = TYPES[bytes[2] ?? 0];
  const rank = bytes[3] ?? 0;
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0 || kind === undefined || rank === 0) {
    throw new LatheError("invalid-data", `"${name}" is not an IDX file: it starts with "${magic}".`, {
      hint: "IDX files start with 00 00, a type from 08 to 0e and a number of dimensions.",
    });
  }
  const offset = 4 + 4 * rank;
  if (bytes.length < offset) throw wrongLength(name, offset, String(bytes.length));
  const [count = 0, ...shape] = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i, false));
  const stride = elementCount(shape) * kind.width;
  if (count > MAX_SAMPLES || stride === 0 || !Number.isSafeInteger(count * stride)) {
    throw new LatheError("invalid-data", `"${name}" says that its shape is "[${[count, ...shape].join(",")}]".`);
  }
  return { layout: { ...kind, shape, isBigEndian: true }, count, offset, stride };
}

function wrongLength(name: string, need: number, have: string): LatheError {
  return new LatheError("invalid-data", `"${name}" should have ${need} bytes by its header and has "${have}".`, {
    hint: "The file is cut off or damaged; fetch it again.",
  });
}
