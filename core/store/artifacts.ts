import { createHash } from "node:crypto";
import { throwIfCancelled } from "../base/cancel.ts";
import { LatheError } from "../base/error.ts";
import type { Host } from "../base/host.ts";
import type { Artifact } from "../contract/project.ts";

const CHUNK = 4 * 1024 * 1024;

/** A folder of files named by their SHA-256: `artifacts/ab/cdef…`. Equal content is kept once. */
export interface Artifacts {
  /** The file of an artefact. It must not be changed. */
  path(artifact: Artifact): string;
  putBytes(bytes: Uint8Array, signal?: AbortSignal): Promise<Artifact>;
  /** Copies a file, chunk by chunk. */
  putFile(path: string, signal?: AbortSignal): Promise<Artifact>;
  /**
   * Reads the whole file and compares it with its name; a file is read once per opened project.
   * @throws integrity
   */
  verify(artifact: Artifact, signal?: AbortSignal): Promise<void>;
  /** The verified content. */
  read(artifact: Artifact): Promise<Uint8Array>;
  /** Removes what a process that died has left half-written. */
  sweep(): Promise<void>;
}

export function openArtifacts(folder: string, host: Host): Artifacts {
  const { files } = host;
  const verified = new Set<string>();
  const path = ({ sha256 }: Artifact): string => files.join(folder, sha256.slice(0, 2), sha256.slice(2));

  const put = async (
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    signal: AbortSignal | undefined,
  ): Promise<Artifact> => {
    await files.makeFolder(folder);
    const writer = await files.create(files.join(folder, "incoming"));
    try {
      const digest = createHash("sha256");
      let bytes = 0;
      for await (const chunk of chunks) {
        throwIfCancelled(signal);
        // The disk writes while the processor hashes.
        const written = writer.write(chunk);
        digest.update(chunk);
        bytes += chunk.byteLength;
        await written;
      }
      const artifact = { sha256: digest.digest("hex"), bytes };
      const target = path(artifact);
      // A file that is there but not yet proved whole is replaced, which also mends a damaged one.
      if (verified.has(artifact.sha256) && (await files.info(target)) !== undefined) {
        await writer.discard();
        return artifact;
      }
      await files.makeFolder(files.folder(target));
      throwIfCancelled(signal);
      await writer.commit(target);
      verified.add(artifact.sha256);
      return artifact;
    } catch (thrown) {
      await writer.discard();
      throw thrown;
    }
  };

  const verify = async (artifact: Artifact, signal?: AbortSignal): Promise<void> => {
    if (verified.has(artifact.sha256)) return;
    const name = path(artifact);
    if ((await files.info(name)) === undefined) {
      throw new LatheError("integrity", `Artefact "${artifact.sha256}" is missing from the project.`, {
        details: { file: name },
        hint: "Restore the file from a backup, or import or run again what made it.",
      });
    }
    const digest = createHash("sha256");
    for await (const chunk of chunksOf(host, name)) {
      throwIfCancelled(signal);
      digest.update(chunk);
    }
    const found = digest.digest("hex");
    if (found !== artifact.sha256) {
      throw new LatheError(
        "integrity",
        `Artefact "${artifact.sha256}" is damaged: its content has SHA-256 "${found}".`,
        {
          details: { file: name },
          hint: "Restore the file from a backup, or remove it and import or run again what made it.",
        },
      );
    }
    verified.add(artifact.sha256);
  };

  return {
    path,
    putBytes: (bytes, signal) => put(pieces(bytes), signal),
    putFile: (name, signal) => put(chunksOf(host, name), signal),
    verify,
    read: async (artifact) => {
      await verify(artifact);
      return files.read(path(artifact));
    },
    sweep: async () => {
      if ((await files.info(folder)) === undefined) return;
      for (const name of await files.list(folder)) {
        if (name.endsWith(".part")) await files.remove(files.join(folder, name));
      }
    },
  };
}

async function* chunksOf(host: Host, path: string): AsyncGenerator<Uint8Array> {
  const file = await host.files.open(path);
  try {
    let next = file.read(0, CHUNK);
    for (let offset = 0; offset < file.size; offset += CHUNK) {
      const chunk = await next;
      if (offset + CHUNK < file.size) {
        next = file.read(offset + CHUNK, CHUNK);
        // Whoever stops early must not leave a rejection behind.
        next.catch(() => undefined);
      }
      yield chunk;
    }
  } finally {
    await file.close();
  }
}

function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let offset = 0; offset < bytes.byteLength; offset += CHUNK) yield bytes.subarray(offset, offset + CHUNK);
}
