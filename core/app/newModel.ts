import { resolve } from "node:path";
import { LatheError } from "../base/error.ts";
import type { Host } from "../base/host.ts";
import type { Json } from "../base/json.ts";
import { writeModel } from "../onnx/write.ts";
import { initialize } from "../zoo/build.ts";
import { findNet, ZOO } from "../zoo/catalogue.ts";
import { countNet, type Counts } from "../zoo/count.ts";
import type { NetInfo } from "../zoo/define.ts";
import type { Work } from "./project.ts";
import { LATHE_VERSION } from "./version.ts";

export type { NetInfo } from "../zoo/define.ts";

/** The nets of the zoo. */
export function listNets(): readonly NetInfo[] {
  return ZOO.map((net) => net.info);
}

/** The nets of the zoo with what they cost as published. */
export function countNets(): readonly (NetInfo & Counts)[] {
  return ZOO.map((net) => ({ ...net.info, ...countNet(net.describe()) }));
}

/** @throws not-found naming those that exist */
export function describeNet(id: string): NetInfo {
  return findNet(id).info;
}

export interface NewModelRequest {
  readonly net: string;
  readonly input?: readonly number[] | undefined;
  readonly classes?: number | undefined;
  readonly params?: Readonly<Record<string, Json>>;
  readonly seed: number;
}

export interface NewModel extends Counts {
  readonly file: string;
  /** Of the file, external data included. */
  readonly bytes: number;
  readonly input: readonly number[];
  readonly classes: number;
}

/**
 * Writes a net of the zoo with freshly drawn weights as an ONNX file. What it was made from stands in its metadata.
 * @throws not-found for an unknown net, invalid-argument for what it cannot be, already-exists, disk-full
 */
export async function newModel(
  request: NewModelRequest,
  out: string,
  { host, signal, emit }: Work & { readonly host: Host },
): Promise<NewModel> {
  const { net, seed, params = {} } = request;
  const file = resolve(out);
  const { info, describe } = findNet(net);
  const architecture = describe(request);
  if ((await host.files.info(file)) !== undefined) {
    throw new LatheError("already-exists", `"${file}" exists already.`, { hint: "Choose another file with --out." });
  }
  const { input = info.input, classes = info.classes } = request;
  emit({ kind: "stage", name: "Drawing weights" });
  const made = JSON.stringify({ net, input, classes, params, seed });
  const model = {
    ...initialize(architecture, seed),
    producerVersion: LATHE_VERSION,
    metadata: { "lathe.zoo": made },
  };
  emit({ kind: "stage", name: "Writing the model" });
  await host.files.makeFolder(host.files.folder(file));
  const { size, externalSize } = await writeModel(model, file, { host, signal });
  return { file, bytes: size + externalSize, input, classes, ...countNet(architecture) };
}
