import { throwIfCancelled } from "../../base/cancel.ts";
import type { Model, Node } from "../../graph/model.ts";
import type { SampleStream } from "../../data/batches.ts";
import { compareOutputs, type OutputError } from "../../measure/outputError.ts";
import { collectOutputs } from "../../measure/outputs.ts";
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
  const { session, host, signal, params } = context;
  const how = { stream: options.stream, batch: params.batch, session, host, signal };
  const reference = await collectOutputs(options.float, how);
  const ranked: LayerSensitivity[] = [];
  for (const [i, layer] of layers.entries()) {
    throwIfCancelled(context.signal);
    const actual = await collectOutputs(alone(layer), how);
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
