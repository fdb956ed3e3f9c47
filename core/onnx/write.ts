import { throwIfCancelled } from "../base/cancel.ts";
import { LatheError } from "../base/error.ts";
import type { FileWriter, Host } from "../base/host.ts";
import type { Model, Tensor, TensorData } from "../graph/model.ts";
import { encodeChunks, LARGEST_FILE, totalLength } from "./encode.ts";
import { mapTensors, tensorsOf } from "../graph/tensors.ts";

export interface WriteOptions {
  /**
   * Initializers of more bytes than this go to the external file. By default all stay in the model file, unless that
   * would pass 2 GiB: then those above 1 KiB go. Tensors that are external already always go.
   */
  readonly externalAbove?: number;
  /** Name of the external file, in the model's folder. By default the model's name with `.data` added. */
  readonly externalName?: string;
  readonly signal?: AbortSignal;
}

export interface WrittenModel {
  /** Bytes of the model file. */
  readonly size: number;
  /** Bytes of the external file, 0 where none was needed. */
  readonly externalSize: number;
}

const CHUNK = 1 << 22;
const AUTOMATIC_THRESHOLD = 1024;

/**
 * Writes a model file and, where needed, one file of external data beside it. Weights are copied in pieces, so memory
 * does not grow with their size. Each file appears under its name only when it is complete, the model last; after a
 * failure no new file is left behind. Replacing a model that has external data takes two renames: to be safe against a
 * power cut between them, write to a new name.
 * @throws invalid-argument for an impossible external name; disk-full, read-only, io from the file system.
 */
export async function writeModel(
  model: Model,
  path: string,
  { host, ...options }: WriteOptions & { readonly host: Host },
): Promise<WrittenModel> {
  const externalName = options.externalName ?? `${host.files.name(path)}.data`;
  checkName(externalName, host.files.name(path));
  const layout = layOut(model, externalName, options.externalAbove ?? automaticThreshold(model));
  const chunks = encodeChunks(layout.model);
  const folder = host.files.folder(path);
  const writers: FileWriter[] = [];
  const committed: string[] = [];
  const publish = async (name: string, fill: (writer: FileWriter) => Promise<void>): Promise<() => Promise<void>> => {
    const writer = await host.files.create(name);
    writers.push(writer);
    await fill(writer);
    return async () => {
      const isNew = (await host.files.info(name)) === undefined;
      await writer.commit();
      if (isNew) committed.push(name);
    };
  };
  try {
    const commits: (() => Promise<void>)[] = [];
    if (layout.pieces.length > 0) {
      const target = host.files.join(folder, externalName);
      commits.push(
        await publish(target, (writer) => copyPieces(layout.pieces, writer, { host, signal: options.signal })),
      );
    }
    commits.push(
      await publish(path, async (writer) => {
        for (const chunk of chunks) await writeBytes(chunk, writer, options.signal);
      }),
    );
    for (const commit of commits) await commit();
  } catch (failure) {
    await Promise.allSettled([...writers.map((w) => w.discard()), ...committed.map((name) => host.files.remove(name))]);
    throw failure;
  }
  return { size: totalLength(chunks), externalSize: layout.externalSize };
}

/** What `writeModel` would write, without writing it. @throws limit-exceeded as it would */
export function measureModel(
  model: Model,
  options: Pick<WriteOptions, "externalAbove" | "externalName">,
): WrittenModel {
  const layout = layOut(
    model,
    options.externalName ?? "model.onnx.data",
    options.externalAbove ?? automaticThreshold(model),
  );
  return { size: totalLength(encodeChunks(layout.model)), externalSize: layout.externalSize };
}

function checkName(externalName: string, modelName: string): void {
  if (externalName !== "" && !/[/\\\0]|^\.\.?$/.test(externalName) && externalName !== modelName) return;
  throw new LatheError("invalid-argument", `External data cannot be written to "${externalName}".`, {
    hint: "Give a plain file name, other than the model's.",
  });
}

function automaticThreshold(model: Model): number {
  // Names, shapes and nodes take their share of the 2 GiB as well.
  const room = LARGEST_FILE - (1 << 27);
  let total = 0;
  for (const { data } of tensorsOf(model)) if (data.kind === "bytes") total += data.bytes.byteLength;
  return total > room ? AUTOMATIC_THRESHOLD : Infinity;
}

/** A run of bytes of the external file. */
interface Piece {
  readonly offset: number;
  readonly data: Exclude<TensorData, { kind: "strings" }>;
}

interface Layout {
  readonly model: Model;
  readonly pieces: readonly Piece[];
  readonly externalSize: number;
}

/** Decides what goes where. Tensors that share their bytes share the place. */
function layOut(model: Model, location: string, externalAbove: number): Layout {
  const pieces: Piece[] = [];
  const placed = new Map<unknown, number>();
  const movable = new Set(model.graph.initializers.filter((t) => lengthOf(t) > externalAbove));
  let end = 0;
  const moved = mapTensors(model, (tensor) => {
    const { data } = tensor;
    if (data.kind === "strings" || (data.kind === "bytes" && !movable.has(tensor))) return tensor;
    const length = lengthOf(tensor);
    const key = data.kind === "bytes" ? data.bytes : `${data.offset} ${data.length} ${data.file}`;
    let offset = placed.get(key);
    if (offset === undefined) {
      offset = align(end, length);
      end = offset + length;
      placed.set(key, offset);
      pieces.push({ offset, data });
    }
    // Checksum and further entries describe the file that the bytes came from, not this one.
    return Object.freeze<Tensor>({
      ...tensor,
      data: Object.freeze({ kind: "external", file: "", location, offset, length }),
    });
  });
  return { model: moved, pieces, externalSize: end };
}

function lengthOf({ data }: Tensor): number {
  return data.kind === "bytes" ? data.bytes.byteLength : data.kind === "external" ? data.length : 0;
}

/** Large tensors start on a page, so that readers can map them; others on a cache line. */
function align(offset: number, length: number): number {
  const step = length >= 1 << 16 ? 4096 : 64;
  return Math.ceil(offset / step) * step;
}

interface CopyOptions {
  readonly host: Host;
  readonly signal: AbortSignal | undefined;
}

async function copyPieces(pieces: readonly Piece[], writer: FileWriter, { host, signal }: CopyOptions): Promise<void> {
  let at = 0;
  for (const { offset, data } of pieces) {
    if (offset > at) await writer.write(new Uint8Array(offset - at));
    if (data.kind === "bytes") await writeBytes(data.bytes, writer, signal);
    else await copyRange(data, writer, { host, signal });
    at = offset + (data.kind === "bytes" ? data.bytes.byteLength : data.length);
  }
}

async function writeBytes(bytes: Uint8Array, writer: FileWriter, signal: AbortSignal | undefined): Promise<void> {
  for (let at = 0; at < bytes.byteLength; at += CHUNK) {
    throwIfCancelled(signal);
    await writer.write(bytes.subarray(at, at + CHUNK));
  }
}

async function copyRange(
  data: Extract<TensorData, { kind: "external" }>,
  writer: FileWriter,
  { host, signal }: CopyOptions,
): Promise<void> {
  const source = await host.files.open(data.file);
  try {
    for (let at = 0; at < data.length; at += CHUNK) {
      throwIfCancelled(signal);
      const wanted = Math.min(CHUNK, data.length - at);
      const bytes = await source.read(data.offset + at, wanted);
      if (bytes.byteLength < wanted) {
        throw new LatheError("io", `"${data.location}" became shorter while it was copied.`, {
          hint: "Open the model again.",
        });
      }
      await writer.write(bytes);
    }
  } finally {
    await source.close();
  }
}
