import { fromBinary } from "@bufbuild/protobuf";
import { decodeModel } from "../../core/onnx/decode.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { ModelProtoSchema } from "../../core/onnx/generated/onnx_pb.ts";
import { opsetOf } from "../../core/graph/domains.ts";
import { changeOpset } from "../../core/transform/changeOpset.ts";
import type { NodeCase } from "./archive.ts";
import { plainEdges } from "./edges.ts";
import { execute, firstMiss } from "./onnxNodeTests.ts";
import { readValue } from "./values.ts";

export interface Brought {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly result: "the same" | "refused" | "not loadable" | "different";
  readonly note: string;
}

/**
 * Brings one case to an operator set and compares with what the case expects, where the runtime gives that for the case
 * as it is. Undefined where there is nothing to bring or to compare.
 */
export async function bringCase({ name, model, sets }: NodeCase, to: number): Promise<Brought | undefined> {
  const graph = fromBinary(ModelProtoSchema, model).graph;
  const [set] = sets;
  if (graph === undefined || set === undefined || /^test_(bernoulli|training_dropout)/.test(name)) return undefined;
  const source = await decodeModel(model);
  const from = opsetOf(source);
  if (from === to || from === 0) return undefined;
  const given = new Set(graph.initializer.map((t) => t.name));
  const declared = graph.input.filter((v) => !given.has(v.name));
  const inputs = set.inputs.map((bytes, i) => readValue(bytes, declared[i]?.type));
  const outputs = set.outputs.map((bytes, i) => readValue(bytes, graph.output[i]?.type));
  const original = plainEdges(model, inputs, outputs);
  const reference = await execute(original);
  if (reference.outputs === undefined || firstMiss(reference.outputs, original.expected) !== undefined)
    return undefined;
  const outcome = (result: Brought["result"], note: string): Brought => ({ name, from, to, result, note });
  const changed = changeOpset(source, to);
  if ("reason" in changed) return outcome("refused", changed.reason);
  const found = await execute(plainEdges(encodeModel(changed.model), inputs, outputs));
  if (!found.loaded) return outcome("not loadable", found.error);
  if (found.outputs === undefined) return outcome("different", found.error);
  const miss = firstMiss(found.outputs, original.expected);
  return miss === undefined ? outcome("the same", "") : outcome("different", miss);
}
