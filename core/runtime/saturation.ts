import { graph, model, node, tensor, value } from "../graph/build.ts";
import { encodeModel } from "../onnx/encode.ts";
import { InferenceSession } from "./ort.ts";
import { fromOrt, toOrt } from "./tensors.ts";

/** Long enough for the blocked kernels. */
const DEPTH = 64;

/**
 * Whether the runtime's product of uint8 and int8 matrices is exact here. Kernels for processors without VNNI
 * add pairs of products in 16 bits (vpmaddubsw), where 2·255·127 = 64,770 is cut off at 32,767.
 */
export async function isEightBitExact(): Promise<boolean> {
  const product = model(
    graph({
      inputs: [value("x", "uint8", [1, DEPTH])],
      outputs: [value("y", "int32", [1, DEPTH])],
      nodes: [node("MatMulInteger", [["x", "w"], ["y"]])],
      initializers: [tensor("w", { type: "int8", dims: [DEPTH, DEPTH], data: new Int8Array(DEPTH * DEPTH).fill(127) })],
    }),
  );
  const x = { type: "uint8", dims: [1, DEPTH], data: new Uint8Array(DEPTH).fill(255) } as const;
  const session = await InferenceSession.create(encodeModel(product), { intraOpNumThreads: 1, logSeverityLevel: 4 });
  try {
    const { data } = fromOrt((await session.run({ x: toOrt(x) }))["y"], "y");
    return data instanceof Int32Array && data.every((sum) => sum === DEPTH * 255 * 127);
  } finally {
    await session.release();
  }
}
