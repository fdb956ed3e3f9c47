import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { byteLength } from "../base/elementType.ts";
import { elementCount } from "../base/array.ts";
import type { Host } from "../base/host.ts";
import type { Model, TensorData } from "../graph/model.ts";
import { encodeModel, LARGEST_FILE } from "../onnx/encode.ts";
import { tensorsOf } from "../graph/tensors.ts";
import { writeModel } from "../onnx/write.ts";

/** What the runtime can load, and what to remove once it did. */
export interface Staged {
  readonly content: Uint8Array | string;
  readonly name: string;
  /** Where the external tensors of in-memory content are. */
  readonly externalFolder?: string;
  discard(): Promise<void>;
}

/** Left for the graph itself where weights come close to what one file can hold. */
const SLACK = 64 * 2 ** 20;

/**
 * Brings a model into a form that the runtime can load: its bytes, with external tensors read where they are.
 * A model that does not fit into one message, or whose external tensors lie in several folders, is written to
 * a temporary folder.
 */
export async function stageModel(model: Model, host: Host): Promise<Staged> {
  const name = "the model";
  const folders = new Set<string | undefined>();
  let inline = 0;
  for (const { data, type, dims } of tensorsOf(model)) {
    if (data.kind === "external") folders.add(folderOf(data));
    else if (data.kind === "bytes") inline += byteLength(type, elementCount(dims));
  }
  const [folder] = folders;
  if (inline < LARGEST_FILE - SLACK && (folders.size === 0 || (folders.size === 1 && folder !== undefined))) {
    const content = encodeModel(model);
    return { content, name, ...(folder !== undefined && { externalFolder: folder }), discard: () => Promise.resolve() };
  }
  const temporary = await mkdtemp(join(tmpdir(), "lathe-session-"));
  const discard = (): Promise<void> => rm(temporary, { recursive: true, force: true });
  try {
    const content = join(temporary, "model.onnx");
    await writeModel(model, content, { host });
    return { content, name, discard };
  } catch (error) {
    await discard();
    throw error;
  }
}

/** The folder that the location is relative to, or undefined where a link leads elsewhere. */
function folderOf({ file, location }: Extract<TensorData, { kind: "external" }>): string | undefined {
  const plain = file.replaceAll("\\", "/");
  const end = `/${location.replaceAll("\\", "/").replace(/^(\.\/)+/, "")}`;
  return plain.endsWith(end) ? file.slice(0, file.length - end.length) || "/" : undefined;
}
