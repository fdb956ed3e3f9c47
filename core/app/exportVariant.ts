import { randomBytes } from "node:crypto";
import { rename } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { NdArray } from "../base/array.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import { LatheError, toLatheError } from "../base/error.ts";
import type { Verification } from "../contract/export.ts";
import type { Variant } from "../contract/project.ts";
import { describeDims } from "../graph/describe.ts";
import type { Feeds } from "../measure/feeds.ts";
import type { InputInfo } from "../runtime/session.ts";
import { opsetOf } from "../graph/domains.ts";
import type { BundleTask, ExportOptions } from "./bundle.ts";
import { bundleReadme, runnerForNode, runnerForPython, type BundleFacts } from "./bundleTexts.ts";
import { cardOf } from "./card.ts";
import { checkDisk } from "./disk.ts";
import { writeModelFiles } from "./exportFiles.ts";
import { filesFor, refuseProblems } from "./exportModel.ts";
import { completeChoices, prepareExport } from "./exportPlan.ts";
import { storedBytes, withModelFile } from "./modelFiles.ts";
import { encodeNpy } from "./npy.ts";
import { findData, type Project } from "./project.ts";
import { openData } from "./projectData.ts";
import { compareWithSource, verifyBundle, type Compared } from "./verifyBundle.ts";

export interface Exported {
  readonly folder: string;
  readonly files: readonly string[];
  readonly verification: Verification;
}

/**
 * Writes a variant as a folder that stands on its own: model, preparation, card, parity vectors, example programs.
 * The written files are then loaded again, compared with the project's variant and measured; only a bundle that
 * passes appears under its name. The variant itself is never touched.
 * @throws already-exists, integrity where the reloaded model differs, disk-full, cancelled; invalid-argument,
 * unsupported and limit-exceeded for choices that this model does not allow
 */
export async function exportVariant(project: Project, variant: Variant, options: ExportOptions): Promise<Exported> {
  const { files } = project.host;
  const choices = completeChoices(options);
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
      options.emit({ kind: "stage", name: "Writing the model" });
      const work = { host: project.host, signal: options.signal };
      const limit = options.largestFile === undefined ? {} : { largestFile: options.largestFile };
      const prepared = await prepareExport(variant, { path, choices }, { ...work, ...limit });
      refuseProblems(prepared.problems);
      const task: BundleTask = { variant, prepared, path, data, options, draft };
      const written = await writeModelFiles(project, task);
      options.emit({ kind: "stage", name: "Loading it again" });
      const compared = await compareWithSource(project, task, written);
      options.emit({ kind: "stage", name: "Writing the bundle" });
      const names = await writeBundle(project, task, compared);
      const verification = await verifyBundle(project, task, compared);
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

async function writeBundle(
  project: Project,
  { variant, prepared, draft, data }: BundleTask,
  compared: Compared,
): Promise<string[]> {
  const { files } = project.host;
  const { vectors, found, written } = compared;
  await files.makeFolder(join(draft, "parity"));
  const place = (kind: string) => (info: InputInfo, i: number) => ({
    name: info.name,
    file: `parity/${kind}-${i}.npy`,
    type: `${info.type}${describeDims(info.dims.map((size) => ({ size })))}`,
  });
  const inputs = vectors.inputs.map(place("input"));
  const outputs = vectors.outputs.map(place("output")).filter(({ name }) => isNumeric(found[name]));
  for (const { name, file } of inputs)
    await write(project, join(draft, file), encodeNpy(existing(vectors.feeds, name)));
  for (const { name, file } of outputs) await write(project, join(draft, file), encodeNpy(existing(found, name)));

  const preprocessing = data?.data.preprocessing;
  const { main } = filesFor(prepared.choices);
  const names = [
    main,
    ...[...written.keys()].filter((name) => name !== main),
    ...(preprocessing === undefined ? [] : ["preprocessing.json"]),
    "card.json",
    "parity/",
    "run.mjs",
    "run.py",
    "verification.json",
  ];
  const { choices, changes } = prepared;
  const facts: BundleFacts = {
    name: variant.name,
    model: main,
    format: choices.format === "ort" ? "ONNX Runtime's own format" : `ONNX, operator set ${opsetOf(prepared.model)}`,
    changes,
    inputs,
    outputs,
    preprocessing,
    files: names,
  };
  const parity = {
    inputs: inputs.map(({ name, file }) => ({ name, file })),
    outputs: outputs.map(({ name, file }) => ({ name, file })),
  };
  const card = cardOf(project, { variant, prepared, compared, data, parity });
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
