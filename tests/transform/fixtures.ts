import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeHost as host } from "../../core/app/nodeHost.ts";
import { elementCount, float32, toFloat32, type NdArray } from "../../core/base/array.ts";
import { seededRandom } from "../../core/base/random.ts";
import { floatTensor, graph, model, node, value, type NodeParts } from "../../core/graph/build.ts";
import type { Model, Node, Tensor } from "../../core/graph/model.ts";
import { readModel } from "../../core/onnx/read.ts";
import { openSession, withSession } from "../../core/runtime/session.ts";

/** Seeded normal numbers. */
export function noise(dims: readonly number[], seed = 1, scale = 1): NdArray {
  const random = seededRandom(seed, "noise");
  return float32(
    dims,
    Float32Array.from({ length: elementCount(dims) }, () => random.normal() * scale),
  );
}

/** Seeded weights that keep the size of activations about the same. */
export const weight = (name: string, dims: readonly number[], seed = 1): Tensor => {
  const fan = elementCount(dims) / (dims[0] ?? 1);
  return floatTensor(name, dims, noise(dims, seed, 1 / Math.sqrt(fan)).data as Float32Array);
};

/** A chain or net written line by line. */
export interface Net {
  readonly input?: readonly (number | string)[];
  readonly nodes: readonly Node[];
  readonly constants?: readonly Tensor[];
  readonly outputs?: readonly string[];
  readonly opset?: number;
  readonly parts?: Partial<Model>;
}

/** A model with the input "x" and by default the last node's output. */
export function net({ input = ["N", 3, 8, 8], nodes, constants = [], outputs, opset = 17, parts }: Net): Model {
  const names = outputs ?? [nodes.at(-1)?.outputs[0] ?? ""];
  return model(
    graph({
      inputs: [value("x", "float32", input)],
      outputs: names.map((name) => value(name, "float32")),
      nodes,
      initializers: constants,
    }),
    { opsets: { "": opset }, ...parts },
  );
}

/** `op(inputs) → output`, named like its output. */
export function op(kind: string, inputs: readonly string[], ...rest: readonly [string, NodeParts?]): Node {
  const [output, parts = {}] = rest;
  return node(kind, [inputs, [output]], parts);
}

export const conv = (
  inputs: readonly string[],
  output: string,
  attributes: Exclude<NodeParts["attributes"], undefined> = {},
): Node => op("Conv", inputs, output, { attributes: { pads: [1, 1, 1, 1], ...attributes } });

/** All outputs of one call. */
export async function runModel(
  source: Model,
  feeds: Readonly<Record<string, NdArray>>,
  optimization: "none" | "all" = "all",
): Promise<Record<string, NdArray>> {
  return withSession(source, { host, optimization }, (session) => session.run(feeds));
}

/** The first output for the input "x". */
export async function outputOf(source: Model, x: NdArray, optimization: "none" | "all" = "all"): Promise<Float32Array> {
  const outputs = await runModel(source, { x }, optimization);
  return toFloat32(outputs[source.graph.outputs[0]?.name ?? ""]!);
}

export function largestGap(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) throw new Error(`Lengths "${a.length}" and "${b.length}" differ.`);
  return a.reduce((gap, v, i) => {
    const d = Math.abs(v - b[i]!);
    return d <= gap ? gap : d;
  }, 0);
}

export const peakOf = (values: Float32Array): number => values.reduce((peak, v) => Math.max(peak, Math.abs(v)), 0);

/** Signal to noise in dB. */
export function sqnrOf(reference: Float32Array, actual: Float32Array): number {
  let [signal, noisePower] = [0, 0];
  for (let i = 0; i < reference.length; i++) {
    signal += reference[i]! ** 2;
    noisePower += (reference[i]! - actual[i]!) ** 2;
  }
  return 10 * Math.log10(signal / noisePower);
}

/** What the runtime really executes: op → count, domains in front of those that are not ONNX's own. */
export async function executedOps(source: Model): Promise<Record<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), "lathe-test-"));
  try {
    const optimizedModelPath = join(folder, "optimized.onnx");
    // Level "extended" writes a graph that can be read back; "all" adds layouts of this machine only.
    const session = await openSession(source, { optimizedModelPath, optimization: "extended" }, host);
    await session.close();
    const counts: Record<string, number> = {};
    for (const { op: name } of (await readModel(optimizedModelPath, host)).graph.nodes)
      counts[name] = (counts[name] ?? 0) + 1;
    return counts;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
