import { arrayBytes, arrayFromBytes, type NdArray } from "../base/array.ts";
import type { ElementType } from "../base/elementType.ts";
import { LatheError } from "../base/error.ts";
import { startHash } from "../base/hash.ts";
import type { Host } from "../base/host.ts";
import type { Json } from "../base/json.ts";

/** Everything that a training needs to go on as if it had never stopped. */
export interface Checkpoint {
  /** Hash of recipe, model and data: what it may be resumed with. */
  readonly key: string;
  /** Where the training is; its own schema. */
  readonly position: Json;
  readonly arrays: ReadonlyMap<string, NdArray>;
}

const MAGIC = "lathe-checkpoint-1\n";
const DIGEST = 64;

interface Header {
  readonly key: string;
  readonly position: Json;
  readonly arrays: readonly { readonly name: string; readonly type: ElementType; readonly dims: readonly number[] }[];
}

/**
 * Writes a checkpoint beside the old one and puts it in its place only when it is complete and on disk, so that
 * there is a whole one at every moment.
 * Layout: magic, length of the header (uint32, little-endian), header (JSON), arrays one after another, SHA-256 of all that.
 * @throws disk-full, read-only, io; the old checkpoint stays
 */
export async function writeCheckpoint(path: string, { key, position, arrays }: Checkpoint, host: Host): Promise<void> {
  const entries = [...arrays];
  const header: Header = { key, position, arrays: entries.map(([name, { type, dims }]) => ({ name, type, dims })) };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = new Uint8Array(Uint32Array.of(text.byteLength).buffer);
  const writer = await host.files.create(path);
  try {
    const hasher = startHash();
    for (const part of [new TextEncoder().encode(MAGIC), length, text, ...entries.map(([, a]) => arrayBytes(a))]) {
      hasher.update(part);
      await writer.write(part);
    }
    await writer.write(new TextEncoder().encode(hasher.digest()));
    await writer.commit();
  } finally {
    await writer.discard();
  }
}

/**
 * Reads a checkpoint; undefined where there is none.
 * @throws integrity for a damaged file
 */
export async function readCheckpoint(path: string, host: Host): Promise<Checkpoint | undefined> {
  if ((await host.files.info(path)) === undefined) return undefined;
  const bytes = await host.files.read(path);
  const start = MAGIC.length + 4;
  const end = bytes.byteLength - DIGEST;
  const decoder = new TextDecoder();
  const isWhole =
    end > start &&
    decoder.decode(bytes.subarray(0, MAGIC.length)) === MAGIC &&
    decoder.decode(bytes.subarray(end)) === startHash().update(bytes.subarray(0, end)).digest();
  if (!isWhole) {
    throw new LatheError("integrity", `The checkpoint "${path}" is damaged.`, {
      hint: "Remove it; the training then starts from the beginning.",
    });
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(MAGIC.length, true);
  const header = JSON.parse(decoder.decode(bytes.subarray(start, start + length))) as Header;
  const arrays = new Map<string, NdArray>();
  let at = start + length;
  for (const { name, type, dims } of header.arrays) {
    const size = dims.reduce((product, d) => product * d, 4);
    arrays.set(name, arrayFromBytes(type, dims, bytes.subarray(at, at + size)));
    at += size;
  }
  return { key: header.key, position: header.position, arrays };
}

/** Removes what a process that died while it wrote a checkpoint has left beside it. */
export async function removeLeftovers(path: string, { files }: Host): Promise<void> {
  const folder = files.folder(path);
  if ((await files.info(folder)) === undefined) return;
  const start = `.${files.name(path)}.`;
  for (const name of await files.list(folder)) {
    if (name.startsWith(start) && name.endsWith(".part")) await files.remove(files.join(folder, name));
  }
}
