import { promisify } from "node:util";
import { deflateRaw } from "node:zlib";
import { tensorArray } from "../graph/build.ts";
import type { Model, Tensor } from "../graph/model.ts";
import { modelBytes } from "../runtime/modelBytes.ts";
import { encodeSparse } from "../base/sparseCode.ts";

const deflate = promisify(deflateRaw);

/** What a model takes, each measured by really encoding it. In bytes. */
export interface StoredSizes {
  /** The ONNX file. */
  readonly file: number;
  /** The file behind deflate at its highest level, as a zip archive would hold it. */
  readonly deflated: number;
  /** The file with weights that are sparse enough as a bitmap and the values that are not zero. */
  readonly bitmap: number;
  /** That behind deflate. */
  readonly bitmapDeflated: number;
}

/**
 * Sizes of a model as it would be stored and sent.
 * @param model constants in memory
 */
export async function storedSizes(model: Model): Promise<StoredSizes> {
  const file = modelBytes(model);
  const codes: Uint8Array[] = [];
  const initializers = model.graph.initializers.map((constant): Tensor => {
    const code = sparseCode(constant);
    if (code === undefined) return constant;
    codes.push(code);
    return { ...constant, data: { kind: "bytes", bytes: new Uint8Array() } };
  });
  const rest = modelBytes({ ...model, graph: { ...model.graph, initializers } });
  const bitmap = Buffer.concat([rest, ...codes]);
  const [deflated, bitmapDeflated] = await Promise.all([file, bitmap].map((bytes) => deflate(bytes, { level: 9 })));
  return {
    file: file.byteLength,
    deflated: deflated!.byteLength,
    bitmap: bitmap.byteLength,
    bitmapDeflated: bitmapDeflated!.byteLength,
  };
}

/** Undefined where it would not be shorter. */
function sparseCode(constant: Tensor): Uint8Array | undefined {
  if (constant.type !== "float32" || constant.data.kind !== "bytes") return undefined;
  const values = tensorArray(constant).data as Float32Array;
  const code = encodeSparse(values);
  return code.byteLength < values.byteLength ? code : undefined;
}
