import { randomBytes } from "node:crypto";
import { rename } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { NdArray } from "../base/array.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import { LatheError, toLatheError } from "../base/error.ts";
import type { Variant } from "../contract/project.ts";
import { randomFeeds, adaptFeeds, type Feeds } from "../measure/feeds.ts";
import { withSession, type InputInfo } from "../runtime/session.ts";
import type { BundleTask, ExportOptions, Vectors } from "./bundle.ts";
import { bundleReadme, runnerForNode, runnerForPython, type BundleFacts } from "./bundleTexts.ts";
import { cardOf } from "./card.ts";
import { checkDisk } from "./disk.ts";
import { storedBytes, withModelFile } from "./modelFiles.ts";
import { encodeNpy } from "./npy.ts";
import { findData, type Project } from "./project.ts";
import { openData, type OpenedData } from "./projectData.ts";
import { verifyBundle, type Verification } from "./verifyBundle.ts";

export interface Exported {
  readonly folder: string;
  readonly files: readonly string[];
  readonly verification: Verification;
}

/**
 * Writes a variant as a folder that stands on its own: model, preparation, card, parity vectors, example programs.
 * The written files are then loaded again, compared with the project's variant and measured; only a bundle that
 * passes appears under its name.
 * @throws already-exists, integrity where the reloaded model differs, disk-full, cancelled
 */
export async function exportVariant(project: Project, variant: Variant, options: ExportOptions): Promise<Exported> {
  const { files } = project.host;
  const folder = resolve(options.out);
  if ((await files.info(folder)) !== undefined) {
    throw new LatheError("already-exists", `"${folder}" exists already.`, {
      hint: "Choose a new folder with --out; an export never overwrites anything.",
    });
  }
  await files.makeFolder(dirname(folder));
  await checkDisk(dirname(folder), storedBytes(variant) + 2 ** 20);
  const draft = join(dirname(folder), `.lathe-export-${randomBytes(6).toString("hex")}.part`);
  const stored = findData(project, undefined);
  const data = stored && (await openData(project, stored, options));
  try {
    await files.makeFolder(draft);
    const made = await withModelFile(project, variant, async (path) => {
      options.emit({ kind: "stage", name: "Writing the bundle" });
      const vectors = await makeVectors(project, { variant, path, data, options });
      const names = await writeBundle(project, { variant, draft, vectors, data, options });
      options.emit({ kind: "stage", name: "Loading it again" });
      const verification = await verifyBundle(project, { variant, path, draft, vectors, data, options });
      await write(project, join(draft, "verification.json"), `${JSON.stringify(verification, undefined, 2)}\n`);
      return { names, verification };
    });
    throwIfCancelled(options.signal);
    await rename(draft, folder).catch((thrown: unknown) => {
      throw toLatheError(thrown, `Writing "${folder}"`);
    });
    return { folder, files: made.names, verification: made.verification };
  } finally {
    await files.remove(draft);
    await data?.close();
  }
}

/** Prepared samples of the test split, or seeded random inputs, and what the project's variant makes of them. */
function makeVectors(project: Project, { path, data, options }: BundleTask): Promise<Vectors> {
  const session = { threads: options.threads ?? 1, host: project.host };
  return withSession({ path }, session, async ({ inputs, outputs, run }) => {
    const first = inputs[0]?.dims[0];
    const count = typeof first === "number" ? first : (options.samples ?? 16);
    const samples = inputs.length === 1 ? await firstSamples(data, count, options.signal) : undefined;
    const feeds =
      samples === undefined ? randomFeeds(inputs, { batch: count, seed: 0 }) : adaptFeeds(inputs, { input: samples });
    return { inputs, outputs, feeds, results: await run(feeds), count };
  });
}

async function firstSamples(
  data: OpenedData | undefined,
  count: number,
  signal: AbortSignal,
): Promise<NdArray | undefined> {
  if (data === undefined) return undefined;
  const split = data.splits.test.length >= count ? "test" : "train";
  const stream = data.stream(split, 0);
  if (stream.count < count) return undefined;
  for await (const batch of stream.batches(count, signal)) return batch.input;
  return undefined;
}

interface WriteTask {
  readonly variant: Variant;
  readonly draft: string;
  readonly vectors: Vectors;
  readonly data: OpenedData | undefined;
  readonly options: ExportOptions;
}

async function writeBundle(project: Project, { variant, draft, vectors, data, options }: WriteTask): Promise<string[]> {
  const { artifacts } = project.store;
  const { files } = project.host;
  await copy(project, artifacts.path(variant.model), [join(draft, "model.onnx"), options.signal]);
  for (const [location, artifact] of Object.entries(variant.external)) {
    await files.makeFolder(dirname(join(draft, location)));
    await copy(project, artifacts.path(artifact), [join(draft, location), options.signal]);
  }
  await files.makeFolder(join(draft, "parity"));
  const place = (kind: string) => (info: InputInfo, i: number) => ({
    name: info.name,
    file: `parity/${kind}-${i}.npy`,
  });
  const inputs = vectors.inputs.map(place("input"));
  const outputs = vectors.outputs.map(place("output")).filter(({ name }) => isNumeric(vectors.results[name]));
  for (const { name, file } of inputs)
    await write(project, join(draft, file), encodeNpy(existing(vectors.feeds, name)));
  for (const { name, file } of outputs)
    await write(project, join(draft, file), encodeNpy(existing(vectors.results, name)));

  const preprocessing = data?.data.preprocessing;
  const names = [
    "model.onnx",
    ...Object.keys(variant.external),
    ...(preprocessing === undefined ? [] : ["preprocessing.json"]),
    "card.json",
    "parity/",
    "run.mjs",
    "run.py",
    "verification.json",
  ];
  const facts: BundleFacts = { name: variant.name, inputs, outputs, preprocessing, files: names };
  const card = cardOf(project, { variant, vectors, data, parity: { inputs, outputs } });
  await write(project, join(draft, "card.json"), `${JSON.stringify(card, undefined, 2)}\n`);
  if (preprocessing !== undefined) {
    await write(project, join(draft, "preprocessing.json"), `${JSON.stringify(preprocessing, undefined, 2)}\n`);
  }
  await write(project, join(draft, "run.mjs"), runnerForNode(facts));
  await write(project, join(draft, "run.py"), runnerForPython(facts));
  await write(project, join(draft, "README.md"), bundleReadme(facts));
  return ["README.md", ...names];
}

function isNumeric(array: NdArray | undefined): boolean {
  return array !== undefined && ArrayBuffer.isView(array.data);
}

function existing(arrays: Feeds, name: string): NdArray {
  const found = arrays[name];
  if (found === undefined) throw new LatheError("internal", `There is no array for "${name}".`);
  return found;
}

async function write({ host }: Project, path: string, content: Uint8Array | string): Promise<void> {
  const writer = await host.files.create(path);
  try {
    await writer.write(typeof content === "string" ? new TextEncoder().encode(content) : content);
    await writer.commit();
  } finally {
    await writer.discard();
  }
}

const CHUNK = 4 * 2 ** 20;

async function copy({ host }: Project, from: string, [to, signal]: readonly [string, AbortSignal]): Promise<void> {
  const source = await host.files.open(from);
  try {
    const writer = await host.files.create(to);
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
