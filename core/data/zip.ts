import { open, type FileHandle } from "node:fs/promises";
import { crc32, inflateRawSync } from "node:zlib";
import { LatheError, toLatheError } from "../base/error.ts";
import { MAX_HELD_BYTES, MAX_ZIP_ENTRIES } from "./limits.ts";

export interface ZipEntry {
  readonly name: string;
  /** Bytes unpacked, as the archive says. */
  readonly size: number;
  /** The content, checked against its length and CRC-32. */
  read(): Promise<Uint8Array>;
}

export interface Zip {
  readonly entries: readonly ZipEntry[];
  close(): Promise<void>;
}

/**
 * Opens a ZIP archive (APPNOTE 6.3.10: stored and deflated entries, no ZIP64, no encryption). Nothing is unpacked
 * before it is asked for, nor beyond the size that the directory states; lies about sizes are `invalid-data`.
 */
export async function openZip(path: string, name: string): Promise<Zip> {
  const file = await open(path).catch((e: unknown) => {
    throw toLatheError(e, `Opening "${path}"`);
  });
  try {
    const entries = await readDirectory(file, name);
    return { entries, close: async () => file.close() };
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
}

/** End record and the longest comment. */
const TAIL = 22 + 0xffff;

async function readDirectory(file: FileHandle, name: string): Promise<ZipEntry[]> {
  const { size } = await file.stat();
  const tail = await readAt(file, Math.max(0, size - TAIL), Math.min(size, TAIL));
  const end = tail.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
  if (end < 0 || end + 22 > tail.length) throw damaged(name, "it has no directory");
  const count = tail.readUInt16LE(end + 10);
  const length = tail.readUInt32LE(end + 12);
  const start = tail.readUInt32LE(end + 16);
  if (count === 0xffff || start === 0xffff_ffff) {
    throw new LatheError("unsupported", `"${name}" is a ZIP64 archive, which is not read.`, {
      hint: "Save each array as an NPY file of its own.",
    });
  }
  if (count > MAX_ZIP_ENTRIES) {
    throw new LatheError("limit-exceeded", `"${name}" has "${count}" entries, more than ${MAX_ZIP_ENTRIES}.`);
  }
  if (start + length > size) throw damaged(name, "its directory lies beyond its end");
  const directory = await readAt(file, start, length);
  const entries: ZipEntry[] = [];
  for (let at = 0; entries.length < count;) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== 0x0201_4b50)
      throw damaged(name, "its directory is cut off");
    const nameLength = directory.readUInt16LE(at + 28);
    const raw = {
      name: directory.toString("utf8", at + 46, at + 46 + nameLength),
      method: directory.readUInt16LE(at + 10),
      isEncrypted: (directory.readUInt16LE(at + 8) & 1) === 1,
      crc: directory.readUInt32LE(at + 16),
      packed: directory.readUInt32LE(at + 20),
      size: directory.readUInt32LE(at + 24),
      start: directory.readUInt32LE(at + 42),
    };
    entries.push({ name: raw.name, size: raw.size, read: async () => readEntry(file, raw, name) });
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

interface RawEntry {
  readonly name: string;
  readonly method: number;
  readonly isEncrypted: boolean;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly start: number;
}

async function readEntry(file: FileHandle, entry: RawEntry, archive: string): Promise<Uint8Array> {
  const name = `${archive}/${entry.name}`;
  if (entry.size > MAX_HELD_BYTES || entry.packed > MAX_HELD_BYTES) {
    throw new LatheError("limit-exceeded", `"${name}" unpacks to "${entry.size}" bytes, more than ${MAX_HELD_BYTES}.`, {
      hint: "Save the array as an NPY file of its own; those are read in parts.",
    });
  }
  if (entry.isEncrypted || (entry.method !== 0 && entry.method !== 8)) {
    const how = entry.isEncrypted ? "encrypted" : `packed with method ${entry.method}`;
    throw new LatheError("unsupported", `"${name}" is "${how}"; only stored and deflated entries are read.`);
  }
  const local = await readAt(file, entry.start, 30);
  if (local.length < 30 || local.readUInt32LE(0) !== 0x0403_4b50)
    throw damaged(name, "its entry is not where the directory says");
  const packed = await readAt(file, entry.start + 30 + local.readUInt16LE(26) + local.readUInt16LE(28), entry.packed);
  if (packed.length !== entry.packed) throw damaged(name, "it is cut off");
  const bytes = entry.method === 0 ? packed : inflate(packed, entry, name);
  if (bytes.length !== entry.size) throw damaged(name, `it unpacks to ${bytes.length} bytes instead of ${entry.size}`);
  if (crc32(bytes) !== entry.crc) throw damaged(name, "its checksum does not fit");
  return bytes;
}

function inflate(packed: Buffer, entry: RawEntry, name: string): Buffer {
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, entry.size) });
  } catch (thrown) {
    const isLonger = thrown instanceof RangeError;
    throw damaged(
      name,
      isLonger ? `it unpacks to more than the ${entry.size} bytes that it states` : "its data cannot be unpacked",
    );
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { size } = await file.stat();
  const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - position)));
  const { bytesRead } = await file.read(bytes, 0, bytes.length, position);
  return bytes.subarray(0, bytesRead);
}

function damaged(name: string, why: string): LatheError {
  return new LatheError("invalid-data", `"${name}" is a damaged ZIP archive: "${why}".`, {
    hint: "Fetch or save it again.",
  });
}
