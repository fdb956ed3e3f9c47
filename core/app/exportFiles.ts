import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { throwIfCancelled } from "../base/cancel.ts";
import type { Host } from "../base/host.ts";
import { loadTensors } from "../onnx/read.ts";
import { writeModel } from "../onnx/write.ts";
import { writeOrtFormat } from "../runtime/ortFormat.ts";
import type { BundleTask, Digest } from "./bundle.ts";
import { filesFor } from "./exportModel.ts";
import { within } from "./modelFiles.ts";
import type { Project } from "./project.ts";

const CHUNK = 4 * 2 ** 20;

/**
 * Writes the model's files into a folder: copies where its bytes stay, otherwise the changed model in the format that was
 * chosen. Gives what each file must be, by its name in the folder: what was handed to the file system, or what the
 * project knows of it.
 */
export async function writeModelFiles(
  project: Project,
  {
    variant,
    prepared,
    options,
    draft,
  }: Pick<BundleTask, "variant" | "prepared" | "options"> & { readonly draft: string },
): Promise<ReadonlyMap<string, Digest>> {
  const { choices, model, isSame } = prepared;
  const { main, write } = filesFor(choices);
  const { signal } = options;
  const { host } = project;
  if (isSame) {
    const { artifacts } = project.store;
    const parts = [[main, variant.model] as const, ...Object.entries(variant.external)];
    for (const [name, artifact] of parts) {
      const to = within(draft, name);
      await host.files.makeFolder(dirname(to));
      await copy(host, artifacts.path(artifact), [to, signal]);
    }
    return new Map(parts);
  }
  const written = new Map<string, Digest>();
  const hashing = hashingHost(host, written);
  if (choices.format !== "ort") {
    // Bringing weights in takes them all at once; elsewhere they are copied in pieces.
    const whole = choices.format === "inline" ? await loadTensors(model, host) : model;
    await writeModel(whole, join(draft, main), { host: hashing, signal, ...write });
    return named(written, draft);
  }
  const work = join(draft, "work");
  try {
    await host.files.makeFolder(work);
    const [from, to] = [join(work, "model.onnx"), join(work, "model.ort")];
    await writeModel(model, from, { host, signal });
    await writeOrtFormat(from, to);
    await copy(hashing, to, [join(draft, main), signal]);
    return named(written, draft);
  } finally {
    await host.files.remove(work);
  }
}

function named(written: ReadonlyMap<string, Digest>, draft: string): ReadonlyMap<string, Digest> {
  return new Map([...written].map(([path, digest]) => [path.slice(draft.length + 1), digest]));
}

/** SHA-256 and size of a file that is there. */
export async function digestOf({ files }: Host, path: string): Promise<Digest> {
  const file = await files.open(path);
  try {
    const hash = createHash("sha256");
    for (let at = 0; at < file.size; at += CHUNK) hash.update(await file.read(at, CHUNK));
    return { bytes: file.size, sha256: hash.digest("hex") };
  } finally {
    await file.close();
  }
}

/** A host that notes what is handed to it for each file. */
function hashingHost(host: Host, written: Map<string, Digest>): Host {
  const create: Host["files"]["create"] = async (path) => {
    const writer = await host.files.create(path);
    const hash = createHash("sha256");
    let bytes = 0;
    return {
      ...writer,
      write: async (part) => {
        hash.update(part);
        bytes += part.byteLength;
        await writer.write(part);
      },
      commit: async (as) => {
        await writer.commit(as);
        written.set(as ?? path, { bytes, sha256: hash.digest("hex") });
      },
    };
  };
  return { ...host, files: { ...host.files, create } };
}

async function copy({ files }: Host, from: string, [to, signal]: readonly [string, AbortSignal]): Promise<void> {
  const source = await files.open(from);
  try {
    const writer = await files.create(to);
    try {
      for (let at = 0; at < source.size; at += CHUNK) {
        throwIfCancelled(signal);
        await writer.write(await source.read(at, CHUNK));
      }
      await writer.commit();
    } finally {
      await writer.discard();
    }
  } finally {
    await source.close();
  }
}
