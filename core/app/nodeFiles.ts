import { randomBytes } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { LatheError, toLatheError } from "../base/error.ts";
import type { FileInfo, Files, FileWriter, OpenFile } from "../base/host.ts";

/** The files of this machine. Every failure is a LatheError that names the path. */
export const nodeFiles: Files = Object.freeze<Files>({
  open: (name) => attempt(`Opening "${name}"`, () => openFile(name)),
  read: (name) => attempt(`Reading "${name}"`, () => fs.readFile(name)),
  create: (name) => attempt(`Writing "${name}"`, () => createFile(name)),
  info: (name) => attempt(`Looking at "${name}"`, () => fileInfo(name)),
  real: (name) => attempt(`Looking at "${name}"`, () => fs.realpath(name)),
  list: (name) => attempt(`Listing "${name}"`, async () => (await fs.readdir(name)).sort()),
  makeFolder: (name) => attempt(`Making folder "${name}"`, () => makeFolder(path.resolve(name))),
  remove: (name) => attempt(`Removing "${name}"`, () => fs.rm(name, { recursive: true, force: true })),
  join: path.join,
  folder: path.dirname,
  name: path.basename,
  isAbsolute: path.isAbsolute,
});

async function attempt<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw toLatheError(thrown, doing);
  }
}

/**
 * Node's own recursive mkdir never returns where the system answers "no such file" for a folder whose parent is
 * there, as /proc does.
 */
async function makeFolder(name: string): Promise<void> {
  try {
    await fs.mkdir(name);
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : "";
    if (code === "EEXIST" && (await fs.stat(name)).isDirectory()) return;
    const parent = path.dirname(name);
    if (code !== "ENOENT" || (await fileInfo(parent)) !== undefined) throw thrown;
    await makeFolder(parent);
    await fs.mkdir(name);
  }
}

async function openFile(name: string): Promise<OpenFile> {
  const handle = await fs.open(name, "r");
  const facts = await handle.stat();
  if (!facts.isFile()) {
    await handle.close();
    throw new LatheError("invalid-argument", `"${name}" is ${facts.isDirectory() ? "a folder" : "no regular file"}.`, {
      hint: "Name a file.",
    });
  }
  const { size } = facts;
  return {
    size,
    read: (offset, length) =>
      attempt(`Reading "${name}"`, async () => {
        const wanted = Math.max(0, Math.min(length, size - offset));
        const bytes = new Uint8Array(Buffer.allocUnsafeSlow(wanted).buffer);
        let done = 0;
        while (done < wanted) {
          const { bytesRead } = await handle.read(bytes, done, wanted - done, offset + done);
          if (bytesRead === 0) break;
          done += bytesRead;
        }
        return done === wanted ? bytes : bytes.subarray(0, done);
      }),
    close: () => handle.close(),
  };
}

async function fileInfo(name: string): Promise<FileInfo | undefined> {
  try {
    const found = await fs.lstat(name);
    const kind = found.isFile()
      ? "file"
      : found.isDirectory()
        ? "directory"
        : found.isSymbolicLink()
          ? "link"
          : "other";
    return { kind, size: found.size };
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : "";
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw thrown;
  }
}

/** Writes beside the final name, so that the rename that publishes the file never crosses a file system. */
async function createFile(name: string): Promise<FileWriter> {
  const folder = path.dirname(name);
  const temporary = path.join(folder, `.${path.basename(name)}.${randomBytes(6).toString("hex")}.part`);
  const handle = await fs.open(temporary, "wx");
  let state: "open" | "committed" | "gone" = "open";
  const writer: FileWriter = {
    write: (bytes) =>
      attempt(`Writing "${name}"`, async () => {
        let done = 0;
        while (done < bytes.byteLength) {
          const { bytesWritten } = await handle.write(bytes, done, bytes.byteLength - done);
          done += bytesWritten;
        }
      }),
    commit: (as = name) =>
      attempt(`Writing "${as}"`, async () => {
        await handle.sync();
        await handle.close();
        await fs.rename(temporary, as);
        state = "committed";
        await syncFolder(path.dirname(as));
      }),
    discard: async () => {
      if (state !== "open") return;
      state = "gone";
      await handle.close().catch(() => undefined);
      await fs.rm(temporary, { force: true });
    },
  };
  return writer;
}

/** Makes a rename durable. Windows cannot sync a folder and does not need to. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await fs.open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
