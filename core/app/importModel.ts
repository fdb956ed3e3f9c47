import { basename, dirname, resolve } from "node:path";
import { LatheError } from "../base/error.ts";
import type { Artifact, Variant } from "../contract/project.ts";
import type { Model } from "../graph/model.ts";
import { describeNan, NAN_HINT } from "../graph/nanConstants.ts";
import { whyNotRunnable } from "../graph/runnable.ts";
import { decodeModel } from "../onnx/decode.ts";
import { LARGEST_FILE } from "../onnx/encode.ts";
import { tensorsOf } from "../graph/tensors.ts";
import { checkDisk } from "./disk.ts";
import { findNan } from "./nanWeights.ts";
import { checkName, freeName, nameFromFile, nextId, type Project, type Work } from "./project.ts";
import { engineFacts } from "./version.ts";

export interface ImportModelOptions extends Work {
  readonly name?: string | undefined;
}

/**
 * Brings an ONNX file, with its external data, into the project. The first one becomes the baseline.
 * The bytes are kept as they are. A model that the runtime cannot run comes in with a warning.
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
  const model = await decodeModel(bytes, { name: path, folder: dirname(path), host });
  const locations = externalFiles(model);
  await checkDisk(store.folder, bytes.byteLength + sum([...locations.values()].map((l) => l.end)));
  const warnings = await whatIsWrong(model, project, options);

  options.emit({ kind: "stage", name: "Storing the model" });
  const external: Record<string, Artifact> = {};
  for (const [location, { file: source }] of locations) {
    external[location] = await store.artifacts.putFile(source, options.signal);
  }
  const artifact = await store.artifacts.putBytes(bytes, options.signal);
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
    warnings,
    engine: engineFacts(),
  };
  store.together(() => {
    store.addVariant(variant);
    if (store.settings.baseline === null) store.saveSettings({ ...store.settings, baseline: variant.id });
  });
  return variant;
}

/** What to know of a model before anything is done with it. */
async function whatIsWrong(model: Model, { host }: Project, { signal }: Work): Promise<string[]> {
  const reason = whyNotRunnable(model);
  const nan = await findNan(model, host, signal);
  return [
    ...(reason === undefined ? [] : [`This model can be shown and compared, but not run: ${reason}`]),
    ...(nan.length === 0 ? [] : [`The constant ${describeNan(nan)}. ${NAN_HINT}`]),
  ];
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
