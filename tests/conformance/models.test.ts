import { globSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { whyNotRunnable } from "../../core/graph/runnable.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { readModel } from "../../core/onnx/read.ts";
import { sharedData, sharedNote } from "../shared.ts";
import { meaningOf } from "./wire.ts";

const folder = `${sharedData ?? "."}/models`;
const files = sharedData === undefined ? [] : globSync(`${folder}/**/*.onnx`).sort();

describe.skipIf(sharedData === undefined)(`real models${sharedNote}`, () => {
  test("all of them are there", () => expect(files).toHaveLength(20));

  test.each(files.map((file) => [relative(folder, file), file] as const))("%s keeps its meaning", async (_, file) => {
    const original = new Uint8Array(readFileSync(file));
    const model = await readModel(file, nodeHost);
    const copy = encodeModel(model);
    expect(isDeepStrictEqual(meaningOf(copy), meaningOf(original))).toBe(true);
    const isForeign = file.includes("/qonnx/");
    expect(whyNotRunnable(model) !== undefined).toBe(isForeign);
    if (isForeign) return;
    expect(isDeepStrictEqual(await run(copy), await run(original))).toBe(true);
  });

  test("a QONNX file says why it cannot run", async () => {
    const model = await readModel(`${folder}/qonnx/TFC_1W2A.onnx`, nodeHost);
    expect(whyNotRunnable(model)).toBe(
      'onnxruntime does not know BipolarQuant, Quant of domain "onnx.brevitas" (8 nodes).',
    );
  });
});

/** Outputs for inputs of ones, or what the runtime says against such inputs. */
async function run(bytes: Uint8Array): Promise<unknown> {
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 4 });
  try {
    const feeds = session.inputMetadata.flatMap((input) =>
      input.isTensor ? [[input.name, ones(input)] as const] : [],
    );
    const outputs = await session.run(Object.fromEntries(feeds));
    return Object.entries(outputs).map(([name, value]) => [name, value.type, value.dims, value.data]);
  } catch (error) {
    return String(error);
  } finally {
    await session.release();
  }
}

function ones({ type, shape }: InferenceSession.TensorValueMetadata): Tensor {
  const dims = shape.map((d) => (typeof d === "number" && d > 0 ? d : 1));
  const count = dims.reduce((product, d) => product * d, 1);
  if (type === "int64") return new Tensor(type, new BigInt64Array(count).fill(1n), dims);
  if (type === "int32") return new Tensor(type, new Int32Array(count).fill(1), dims);
  if (type === "int8") return new Tensor(type, new Int8Array(count).fill(1), dims);
  if (type === "uint8") return new Tensor(type, new Uint8Array(count).fill(1), dims);
  return new Tensor("float32", new Float32Array(count).fill(1), dims);
}
