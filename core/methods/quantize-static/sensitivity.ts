import { toFloat32 } from "../../base/array.ts";
import { throwIfCancelled } from "../../base/cancel.ts";
import { LatheError } from "../../base/error.ts";
import type { Model, Node } from "../../graph/model.ts";
import type { SampleStream } from "../../data/batches.ts";
import { compareOutputs, type OutputError } from "../../measure/outputError.ts";
import { withSession } from "../../runtime/session.ts";
import type { MethodContext } from "../define.ts";
import type { LayerSensitivity } from "./findings.ts";
import type { Params } from "./params.ts";

export interface SensitivityOptions {
  readonly context: MethodContext<Params>;
  readonly stream: SampleStream;
  readonly float: Model;
  readonly layers: readonly Node[];
  /** The model with only this layer quantised. */
  readonly alone: (layer: Node) => Model;
}

/** Quantises one layer at a time and compares the outputs with the float model's, most harmful layer first. */
export async function rankLayers(options: SensitivityOptions): Promise<readonly LayerSensitivity[]> {
  const { context, layers, alone } = options;
  const reference = await outputsOf(options.float, options);
  const ranked: LayerSensitivity[] = [];
  for (const [i, layer] of layers.entries()) {
    throwIfCancelled(context.signal);
    const actual = await outputsOf(alone(layer), options);
    ranked.push({ node: layer.name, op: layer.op, ...compareOutputs(reference.values, actual.values, reference.rows) });
    context.emit({ kind: "progress", done: i + 1, total: layers.length, unit: "layers" });
  }
  const { sensitivity } = context.params;
  const harm = HARM[sensitivity === "off" ? "kl" : sensitivity];
  return ranked.sort((a, b) => harm(b) - harm(a));
}

const HARM: Readonly<Record<Exclude<Params["sensitivity"], "off">, (error: OutputError) => number>> = {
  kl: (e) => e.kl,
  mse: (e) => e.mse,
  cosine: (e) => -e.cosine,
  sqnr: (e) => -e.sqnr,
};

async function outputsOf(
  model: Model,
  { context, stream }: SensitivityOptions,
): Promise<{ readonly values: Float32Array; readonly rows: number }> {
  const { host, session, params, signal } = context;
  return withSession(model, { ...session, host }, async (open) => {
    const input = open.inputs[0]!;
    const fixed = input.dims[0];
    const size = typeof fixed === "number" ? fixed : params.batch;
    const parts: Float32Array[] = [];
    let rows = 0;
    for await (const batch of stream.batches(size, signal)) {
      if (batch.indices.length !== size && typeof fixed === "number") continue;
      const outputs = await open.run({ [input.name]: batch.input });
      for (const output of Object.values(outputs)) if (output.type === "float32") parts.push(toFloat32(output));
      rows += batch.indices.length;
    }
    if (parts.length === 0) throw new LatheError("unsupported", "The model has no float32 output to compare.");
    const values = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      values.set(part, at);
      at += part.length;
    }
    return { values, rows };
  });
}
