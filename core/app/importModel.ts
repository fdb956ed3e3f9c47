import { basename, dirname, resolve } from "node:path";
import { LatheError } from "../base/error.ts";
import type { Artifact, Variant } from "../contract/project.ts";
import type { Model } from "../graph/model.ts";
import { decodeModel } from "../onnx/decode.ts";
import { encodeModel, LARGEST_FILE } from "../onnx/encode.ts";
import { tensorsOf } from "../graph/tensors.ts";
import { admitModel } from "./admitModel.ts";
import { checkDisk } from "./disk.ts";
import { checkName, freeName, nameFromFile, nextId, type Project, type Work } from "./project.ts";
import { engineFacts } from "./version.ts";

export interface ImportModelOptions extends Work {
  readonly name?: string | undefined;
}

/**
 * Brings an ONNX file, with its external data, into the project. The first one becomes the baseline.
 * The bytes are kept as they are, but where names of nodes have to be made unique. What is wrong with it, and that the
 * runtime cannot run it, comes in as a warning.
 * @throws invalid-model, unsupported, limit-exceeded, not-found, already-exists, disk-full
 */
export async function importModel(project: Project, file: string, options: ImportModelOptions): Promise<Variant> {
  const { store, host } = project;
  store.checkWritable();
  const path = resolve(file);
  const name = options.name === undefined ? undefined : checkName(options.name);
  if (name !== undefined && store.variants().some((v) => v.name === name)) {
    throw new LatheError("already-exists", `The project already has a variant called "${name}".`, {
      hint: "Choose another name with --name.",
    });
  }
  options.emit({ kind: "stage", name: `Reading ${basename(path)}` });
  const bytes = await readWhole(project, path);
  const read = await decodeModel(bytes, { name: path, folder: dirname(path), host });
  const { model, warnings } = await admitModel(read, project, options);
  const locations = externalFiles(model);
  await checkDisk(store.folder, bytes.byteLength + sum([...locations.values()].map((l) => l.end)));

  options.emit({ kind: "stage", name: "Storing the model" });
  const external: Record<string, Artifact> = {};
  for (const [location, { file: source }] of locations) {
    external[location] = await store.artifacts.putFile(source, options.signal);
  }
  const artifact = await store.artifacts.putBytes(model === read ? bytes : encodeModel(model), options.signal);
  const existing = store.variants();
  const variant: Variant = {
    id: nextId("v", existing),
    name: name ?? freeName(nameFromFile(path), existing),
    at: host.clock.now(),
    parent: null,
    recipe: null,
    model: artifact,
    external,
    measurements: null,
    findings: null,
    warnings: [...warnings],
    engine: engineFacts(),
  };
  store.together(() => {
    store.addVariant(variant);
    if (store.settings.baseline === null) store.saveSettings({ ...store.settings, baseline: variant.id });
  });
  return variant;
}

async function readWhole({ host }: Project, path: string): Promise<Uint8Array> {
  const file = await host.files.open(path);
  try {
    if (file.size > LARGEST_FILE) {
      throw new LatheError(
        "limit-exceeded",
        `"${path}" has "${file.size}" bytes; a model file may have ${LARGEST_FILE}.`,
        {
          hint: "Keep large weights as external data.",
        },
      );
    }
    return await file.read(0, file.size);
  } finally {
    await file.close();
  }
}

/** External files by the location that the model names, with how far they are used. */
function externalFiles(model: Model): Map<string, { readonly file: string; readonly end: number }> {
  const found = new Map<string, { readonly file: string; readonly end: number }>();
  for (const { data } of tensorsOf(model)) {
    if (data.kind !== "external") continue;
    const end = Math.max(data.offset + data.length, found.get(data.location)?.end ?? 0);
    found.set(data.location, { file: data.file, end });
  }
  return found;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, v) => total + v, 0);
}
