import { open, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { LatheError, toLatheError } from "../base/error.ts";
import type { SplitName } from "../contract/dataset.ts";
import { imageLayout, recordDecoder, toLabels, typedArray, type ArrayLayout } from "./bytes.ts";
import { readClassNames, splitOf } from "./classes.ts";
import type { Dataset } from "./dataset.ts";
import { MAX_SAMPLES } from "./limits.ts";
import { NPY_START, readNpyHeader, type NpyHeader } from "./npy.ts";
import { recordDataset, type Part } from "./recordDataset.ts";
import { closingOnFailure, fileRecords, heldRecords, type Records } from "./records.ts";
import { openZip } from "./zip.ts";

/** An array by the name it was saved under, read only when asked for. */
interface NamedArray {
  readonly key: string;
  /** What errors call it. */
  readonly name: string;
  load(): Promise<LoadedArray>;
}

interface LoadedArray {
  readonly header: NpyHeader;
  /** One record per entry of the first axis. */
  readonly records: Records;
}

const INPUTS = new Set(["x", "image", "images", "data", "feature", "features", "input", "inputs", "samples"]);
const LABELS = new Set(["y", "label", "labels", "target", "targets", "class", "classes"]);

interface Key {
  readonly role: "input" | "labels" | undefined;
  readonly split: SplitName | undefined;
  /** What is left of the name: the same for arrays that belong together. */
  readonly rest: string;
}

/** `x_train`, `test_labels`, `images`, `X`; NumPy's own `arr_0` and `arr_1` are taken for input and labels. */
function parseKey(key: string): Key {
  if (key === "arr_0" || key === "arr_1")
    return { role: key === "arr_0" ? "input" : "labels", split: undefined, rest: "" };
  const tokens = key.toLowerCase().split(/[-_. ]/);
  const split = tokens.map(splitOf).find((s) => s !== undefined);
  const isLabels = tokens.some((t) => LABELS.has(t));
  const isInput = !isLabels && tokens.some((t) => INPUTS.has(t));
  const rest = tokens.filter((t) => splitOf(t) === undefined && !INPUTS.has(t) && !LABELS.has(t)).join("_");
  return { role: isLabels ? "labels" : isInput ? "input" : undefined, split, rest };
}

/**
 * Opens an NPY file, or all NPY files of a folder. Labels are another array of the same name but for `x`/`y`,
 * `images`/`labels` and the like, or the file that `labels` names.
 */
export async function openNpy(path: string, isFolder: boolean, labels: string | undefined): Promise<Dataset> {
  const folder = isFolder ? path : dirname(path);
  const all = (await readdir(folder)).filter((name) => /\.npy$/i.test(name)).sort();
  const named = (name: string, file: string): NamedArray => ({
    key: name.replace(/\.npy$/i, ""),
    name,
    load: async () => loadNpy(file, name),
  });
  const arrays = all.map((name) => named(name, join(folder, name)));
  if (isFolder) return arrayDataset({ format: "npy", path, folder }, pair(arrays, path));
  const input = named(basename(path), path);
  const key = parseKey(input.key);
  const isPartner = (other: NamedArray): boolean => {
    const { role, split, rest } = parseKey(other.key);
    return key.role === "input" && role === "labels" && split === key.split && rest === key.rest;
  };
  const partner = labels === undefined ? arrays.find(isPartner) : named(basename(labels), labels);
  return arrayDataset({ format: "npy", path, folder }, [{ input, labels: partner, split: undefined }]);
}

/** Opens an NPZ archive with arrays named `x`/`y`, `x_train`/`y_train`, `images`/`labels` and the like. */
export async function openNpz(path: string): Promise<Dataset> {
  const zip = await openZip(path, basename(path));
  try {
    const arrays = zip.entries
      .filter(({ name }) => name.endsWith(".npy"))
      .map((entry): NamedArray => {
        const name = `${basename(path)}/${entry.name}`;
        const load = async (): Promise<LoadedArray> => {
          const bytes = await entry.read();
          const header = readNpyHeader(bytes.subarray(0, NPY_START), bytes.length, name);
          const { stride } = layoutOf(header, name);
          return { header, records: heldRecords(bytes.subarray(header.offset), stride) };
        };
        return { key: entry.name.replace(/\.npy$/, ""), name, load };
      });
    return await arrayDataset({ format: "npz", path, folder: dirname(path) }, pair(arrays, path));
  } finally {
    await zip.close();
  }
}

interface ArrayPair {
  readonly input: NamedArray;
  readonly labels: NamedArray | undefined;
  readonly split: SplitName | undefined;
}

function pair(arrays: readonly NamedArray[], path: string): ArrayPair[] {
  const only = arrays.length === 1 ? arrays[0] : undefined;
  if (only !== undefined) return [{ input: only, labels: undefined, split: undefined }];
  const keyed = arrays.map((array) => ({ array, ...parseKey(array.key) }));
  const inputs = keyed.filter(({ role }) => role === "input");
  if (inputs.length === 0) {
    const names = arrays
      .map(({ key }) => key)
      .slice(0, 20)
      .join(", ");
    throw new LatheError("invalid-data", `"${path}" has no array that is known to be the input; it has "${names}".`, {
      hint: "Name the arrays x and y, or x_train, y_train, x_test and y_test.",
    });
  }
  const order = ["train", "validation", "test"];
  const pairs = inputs.map(({ array, split, rest }) => ({
    input: array,
    labels: keyed.find((other) => other.role === "labels" && other.split === split && other.rest === rest)?.array,
    split,
  }));
  const twice = pairs.find(({ split }, i) => pairs.findIndex((other) => other.split === split) !== i);
  if (twice !== undefined) {
    const first = pairs.find(({ split }) => split === twice.split)!;
    throw new LatheError(
      "invalid-data",
      `"${path}" holds more than one data set: "${first.input.key}" and "${twice.input.key}".`,
      {
        hint: "Keep one of them.",
      },
    );
  }
  return pairs.sort((a, b) => order.indexOf(a.split ?? "train") - order.indexOf(b.split ?? "train"));
}

interface Place {
  readonly format: "npy" | "npz";
  readonly path: string;
  readonly folder: string;
}

async function arrayDataset(place: Place, pairs: readonly ArrayPair[]): Promise<Dataset> {
  return closingOnFailure(async (opened) => openArrays(place, pairs, opened));
}

async function openArrays(
  { format, path, folder }: Place,
  pairs: readonly ArrayPair[],
  opened: Records[],
): Promise<Dataset> {
  const parts: Part[] = [];
  let layout: ArrayLayout | undefined;
  for (const { input, labels, split } of pairs) {
    const { header, records } = await input.load();
    opened.push(records);
    const own = layoutOf(header, input.name);
    layout ??= own;
    if (
      own.type !== layout.type ||
      own.shape.join() !== layout.shape.join() ||
      own.isBigEndian !== layout.isBigEndian
    ) {
      const text = `"${input.name}" holds "${own.type}[${own.shape.join(",")}]"; "${parts[0]!.name}" holds ${layout.type}[${layout.shape.join(",")}].`;
      throw new LatheError("invalid-data", text, { hint: "All parts need samples of one shape and type." });
    }
    parts.push({
      name: input.name,
      split,
      records,
      labels: labels && (await loadLabels(labels, input.name, records.count)),
    });
  }
  if (layout === undefined) throw new LatheError("invalid-data", `"${path}" holds no arrays.`);
  const image = imageLayout(layout);
  return recordDataset({
    format,
    path,
    parts,
    classes: await readClassNames(folder),
    kind: image === undefined ? "array" : "image",
    sampleShape: image?.shape ?? layout.shape,
    decode: recordDecoder(layout),
  });
}

function layoutOf(header: NpyHeader, name: string): ArrayLayout & { readonly stride: number; readonly count: number } {
  const [count, ...shape] = header.shape;
  const stride = shape.reduce((product, d) => product * d, header.width);
  if (count === undefined || stride === 0 || count > MAX_SAMPLES) {
    throw new LatheError(
      "invalid-data",
      `"${name}" has shape "[${header.shape.join(",")}]"; the first axis counts samples, and none may be empty.`,
    );
  }
  return { type: header.type, shape, width: header.width, isBigEndian: header.isBigEndian, stride, count };
}

async function loadNpy(path: string, name: string): Promise<LoadedArray> {
  const file = await open(path).catch((e: unknown) => {
    throw toLatheError(e, `Opening "${path}"`);
  });
  try {
    const { size } = await file.stat();
    const start = new Uint8Array(Math.min(size, NPY_START));
    await file.read(start, 0, start.length, 0);
    const header = readNpyHeader(start, size, name);
    const { stride, count } = layoutOf(header, name);
    return { header, records: await fileRecords(path, { offset: header.offset, stride, count }) };
  } finally {
    await file.close();
  }
}

async function loadLabels(array: NamedArray, inputs: string, count: number): Promise<Int32Array> {
  const { header, records } = await array.load();
  const shape = header.shape.filter((d, i) => i === 0 || d !== 1);
  const bytes = new Uint8Array(records.count * records.stride);
  for (let i = 0; i < records.count; i++) bytes.set(await records.read(i), i * records.stride);
  await records.close();
  const labels = shape.length === 1 ? toLabels(typedArray(bytes, { ...header, shape: header.shape })) : undefined;
  if (labels === undefined) {
    throw new LatheError(
      "invalid-data",
      `"${array.name}" holds "${header.type}[${header.shape.join(",")}]"; labels are one whole number per sample.`,
    );
  }
  if (labels.length !== count) {
    throw new LatheError(
      "invalid-data",
      `"${array.name}" has "${labels.length}" labels for the ${count} samples of "${inputs}".`,
      {
        hint: "Use the labels that belong to these samples.",
      },
    );
  }
  return labels;
}
