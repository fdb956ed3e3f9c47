import { arrayFromBytes, elementCount, type NdArray } from "../base/array.ts";
import { byteLength, ELEMENT_TYPES } from "../base/elementType.ts";
import { LatheError } from "../base/error.ts";
import type { Host } from "../base/host.ts";
import { tensorArray } from "../graph/build.ts";
import type { Model, Tensor } from "../graph/model.ts";
import { decodeModel } from "./decode.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { mapTensors, tensorsOf } from "../graph/tensors.ts";

/**
 * Reads a model file. External data is checked and stays on disk: each such tensor knows its file, offset and length.
 * @throws not-found, invalid-argument for a folder, invalid-model, unsupported, limit-exceeded.
 */
export async function readModel(path: string, host: Host, limits: Partial<Limits> = {}): Promise<Model> {
  if ((await host.files.info(path))?.kind === "directory") {
    throw new LatheError("invalid-argument", `"${path}" is a folder, not a model file.`, {
      hint: "Give the path of the .onnx file itself.",
    });
  }
  const file = await host.files.open(path);
  try {
    const limit = limits.fileBytes ?? DEFAULT_LIMITS.fileBytes;
    if (file.size > limit) {
      throw new LatheError("limit-exceeded", `"${path}" has "${file.size}" bytes; a model file may have ${limit}.`, {
        hint: "Keep large weights as external data.",
      });
    }
    const bytes = await file.read(0, file.size);
    return await decodeModel(bytes, { name: path, folder: host.files.folder(path), host, limits });
  } finally {
    await file.close();
  }
}

/** The bytes of a tensor, wherever they are. External ones are read now. Strings have none. */
export async function readTensorBytes(tensor: Tensor, host: Host): Promise<Uint8Array> {
  return readRange(tensor, [0, lengthOf(tensor)], host);
}

/** The elements of a tensor, wherever they are. */
export async function readTensor(tensor: Tensor, host: Host): Promise<NdArray> {
  if (tensor.data.kind !== "external") return tensorArray(tensor);
  return arrayFromBytes(tensor.type, tensor.dims, await readTensorBytes(tensor, host));
}

/**
 * Some consecutive elements in row-major order, as a flat array. Of external data only those bytes are read.
 * @throws invalid-argument outside the tensor, or for packed types where `from` does not start a byte.
 */
export async function readElements(
  tensor: Tensor,
  { from, count }: { readonly from: number; readonly count: number },
  host: Host,
): Promise<NdArray> {
  const { bits } = ELEMENT_TYPES[tensor.type];
  const inside = from >= 0 && count >= 0 && from + count <= elementCount(tensor.dims);
  if (!inside || (from * bits) % 8 !== 0) {
    throw new LatheError(
      "invalid-argument",
      `Tensor "${tensor.name}" (${tensor.type}[${tensor.dims.join(",")}]) has no ${count} elements from "${from}".`,
    );
  }
  const start = (from * bits) / 8;
  const bytes = await readRange(tensor, [start, start + byteLength(tensor.type, count)], host);
  return arrayFromBytes(tensor.type, [count], bytes);
}

function lengthOf({ data }: Tensor): number {
  return data.kind === "bytes" ? data.bytes.byteLength : data.kind === "external" ? data.length : 0;
}

async function readRange(
  { name, data }: Tensor,
  [from, to]: readonly [number, number],
  host: Host,
): Promise<Uint8Array> {
  switch (data.kind) {
    case "bytes":
      return data.bytes.subarray(from, to);
    case "strings":
      throw new LatheError("unsupported", `Tensor "${name}" holds strings, which have no fixed-width bytes.`);
    case "external": {
      const file = await host.files.open(data.file);
      try {
        const bytes = await file.read(data.offset + from, to - from);
        if (bytes.byteLength === to - from) return bytes;
        throw new LatheError("io", `Tensor "${name}": "${data.location}" became shorter while it was in use.`, {
          hint: "Open the model again.",
        });
      } finally {
        await file.close();
      }
    }
  }
}

export interface LoadOptions {
  /** Bytes that may be read in all; by default 8 GiB. */
  readonly maximum?: number;
}

/**
 * The model with all external tensors in memory.
 * @throws limit-exceeded before reading anything, where they take more than `maximum` bytes.
 */
export async function loadTensors(model: Model, host: Host, options: LoadOptions = {}): Promise<Model> {
  const external = [...tensorsOf(model)].filter((t) => t.data.kind === "external");
  if (external.length === 0) return model;
  const maximum = options.maximum ?? 2 ** 33;
  const total = external.reduce((sum, t) => sum + lengthOf(t), 0);
  if (total > maximum) {
    throw new LatheError(
      "limit-exceeded",
      `The model's external data takes "${total}" bytes; the limit is ${maximum}.`,
      {
        hint: "Raise the limit, or work on tensors one at a time.",
      },
    );
  }
  const loaded = new Map<Tensor, Tensor>();
  for (const tensor of external) {
    const bytes = await readTensorBytes(tensor, host);
    loaded.set(tensor, Object.freeze<Tensor>({ ...tensor, data: Object.freeze({ kind: "bytes", bytes }) }));
  }
  return mapTensors(model, (tensor) => loaded.get(tensor) ?? tensor);
}
