import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { crc32, deflateRawSync } from "node:zlib";
import { afterAll, expect } from "vitest";
import { LatheError } from "../../core/base/error.ts";

/** A folder that is removed after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "lathe-data-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files, making their folders; returns the folder. */
export function writeFiles(folder: string, files: Readonly<Record<string, Uint8Array | string>>): string {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** Bytes that look random: the top byte of i · 2654435761 mod 2³². */
export function pattern(count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => Math.imul(i, 2654435761 | 0) >>> 24);
}

export function idx(type: number, dims: readonly number[], data: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * dims.length);
  header[2] = type;
  header[3] = dims.length;
  dims.forEach((d, i) => header.writeUInt32BE(d, 4 + 4 * i));
  return Buffer.concat([header, data]);
}

export function npy(header: string, data: Uint8Array, version = 1): Buffer {
  const text = Buffer.from(`${header}\n`, "latin1");
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  if (version === 1) length.writeUInt16LE(text.length);
  else length.writeUInt32LE(text.length);
  return Buffer.concat([Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]), length, text, data]);
}

/** An NPY file as NumPy writes it. */
export function npyArray(descr: string, shape: readonly number[], data: Uint8Array): Buffer {
  const tuple = shape.length === 1 ? `${shape[0]!},` : shape.join(", ");
  return npy(`{'descr': '${descr}', 'fortran_order': False, 'shape': (${tuple}), }`, data);
}

export function bytesOf(array: Float32Array | Int32Array | BigInt64Array | Float64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

export interface ZipFixture {
  readonly content: Uint8Array;
  readonly isStored?: boolean;
  /** Size that the directory states instead of the true one. */
  readonly statedSize?: number;
  readonly crc?: number;
  readonly method?: number;
  readonly flags?: number;
}

export function zip(files: Readonly<Record<string, ZipFixture>>): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, { content, isStored = false, statedSize, crc, method, flags = 0 }] of Object.entries(files)) {
    const packed = isStored ? Buffer.from(content) : deflateRawSync(content);
    const path = Buffer.from(name);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(path.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(flags, 8);
    entry.writeUInt16LE(method ?? (isStored ? 0 : 8), 10);
    entry.writeUInt32LE(crc ?? crc32(content), 16);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(statedSize ?? content.length, 24);
    entry.writeUInt16LE(path.length, 28);
    entry.writeUInt32LE(at, 42);
    bodies.push(local, path, packed);
    directory.push(entry, path);
    at += local.length + path.length + packed.length;
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(listing.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...bodies, listing, end]);
}

/** CIFAR-10 records with the given labels. */
export function cifarRecords(labels: readonly number[]): Buffer {
  return Buffer.concat(labels.map((label, i) => Buffer.concat([Buffer.from([label]), pattern(3072 + i).subarray(i)])));
}

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
}

/** The LatheError that the promise ends with. */
export async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const error = await promise.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(LatheError);
  const { code, message, hint } = error as LatheError;
  return { code, message, hint };
}
