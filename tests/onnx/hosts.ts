import { nodeHost } from "../../core/app/nodeHost.ts";
import type { Files, FileWriter, Host, OpenFile } from "../../core/base/host.ts";

export interface Traffic {
  read: number;
  written: number;
  /** The longest single read or write. */
  longest: number;
}

/** The real file system, with what passes through it counted. */
export function countingHost(): { readonly host: Host; readonly traffic: Traffic } {
  const traffic: Traffic = { read: 0, written: 0, longest: 0 };
  const count = (kind: "read" | "written", bytes: number): void => {
    traffic[kind] += bytes;
    traffic.longest = Math.max(traffic.longest, bytes);
  };
  const open = async (path: string): Promise<OpenFile> => {
    const file = await nodeHost.files.open(path);
    const read = async (offset: number, length: number): Promise<Uint8Array> => {
      const bytes = await file.read(offset, length);
      count("read", bytes.byteLength);
      return bytes;
    };
    return { ...file, read };
  };
  const create = async (path: string): Promise<FileWriter> => {
    const writer = await nodeHost.files.create(path);
    const write = async (bytes: Uint8Array): Promise<void> => {
      count("written", bytes.byteLength);
      await writer.write(bytes);
    };
    return { ...writer, write };
  };
  const read = async (path: string): Promise<Uint8Array> => {
    const bytes = await nodeHost.files.read(path);
    count("read", bytes.byteLength);
    return bytes;
  };
  return { host: withFiles({ open, create, read }), traffic };
}

/** The real host with some file operations replaced. */
export function withFiles(files: Partial<Files>): Host {
  return { ...nodeHost, files: { ...nodeHost.files, ...files } };
}
