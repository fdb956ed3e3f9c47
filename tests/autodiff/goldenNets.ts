import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { arrayFromBytes, type NdArray } from "../../core/base/array.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import type { Model } from "../../core/graph/model.ts";
import { decodeModel } from "../../core/onnx/decode.ts";
import { foldIntegers } from "../../core/runtime/foldIntegers.ts";

interface Packed {
  readonly type: "float32" | "int64";
  readonly dims: readonly number[];
  readonly data: string;
}

interface GoldenFile {
  readonly torch: string;
  readonly x: Packed;
  readonly y: Packed;
  readonly dy: Packed;
  readonly gradients: Readonly<Record<string, Packed>>;
}

/** A small net exported by PyTorch (`golden/make.py`), and what PyTorch computed for one input. */
export interface GoldenNet {
  readonly model: Model;
  readonly x: NdArray;
  readonly y: NdArray;
  /** The gradient of the output that the others follow from. */
  readonly dy: NdArray;
  /** Of every parameter, and of x where it is float. */
  readonly gradients: ReadonlyMap<string, NdArray>;
}

export async function loadGolden(name: string): Promise<GoldenNet> {
  const folder = resolve(import.meta.dirname, "golden");
  const golden = JSON.parse(readFileSync(`${folder}/${name}.json`, "utf8")) as GoldenFile;
  const model = await decodeModel(readFileSync(`${folder}/${name}.onnx`));
  return {
    // Exporters compute pads and shapes from constants, which the rules want to know.
    model: await foldIntegers(model, nodeHost),
    x: unpack(golden.x),
    y: unpack(golden.y),
    dy: unpack(golden.dy),
    gradients: new Map(Object.entries(golden.gradients).map(([key, packed]) => [key, unpack(packed)])),
  };
}

const unpack = ({ type, dims, data }: Packed): NdArray =>
  arrayFromBytes(type, dims, Uint8Array.from(Buffer.from(data, "base64")));

/** The model with batch norms over running statistics, which the runtime can run and which has the same shapes. */
export function inferenceForm(model: Model): Model {
  const nodes = model.graph.nodes.map((n) =>
    n.op === "BatchNormalization" ? { ...n, attributes: {}, outputs: n.outputs.slice(0, 1) } : n,
  );
  return { ...model, graph: { ...model.graph, nodes } };
}

/** The model with these outputs alone. */
export const outputsOf = (model: Model, names: Iterable<string>): Model => ({
  ...model,
  graph: { ...model.graph, outputs: [...new Set(names)].map((name) => ({ name })) },
});
