import { LatheError } from "../../base/error.ts";
import { globMatcher } from "../../base/glob.ts";
import { askSpeedGate, eightBitReason, gateEvent, gateWarnings, type SpeedGate } from "../../measure/speedGate.ts";
import { quantizeDynamically } from "../../transform/dynamicQuantize.ts";
import { prepareModel } from "../../transform/prepare.ts";
import type { MethodContext, MethodResult } from "../define.ts";
import { eightBitsFor } from "../targetParams.ts";
import type { Findings } from "./findings.ts";
import type { Params } from "./params.ts";

/** Quantises the weights of a float model; activations follow at run time. */
export async function run({
  model,
  params,
  session,
  host,
  signal,
  seed,
  emit,
}: MethodContext<Params>): Promise<MethodResult<Findings>> {
  emit({ kind: "stage", name: "Quantise" });
  const prepared = prepareModel(model);
  const isExcluded = globMatcher(
    params.exclude,
    prepared.model.graph.nodes.map((n) => n.name),
  );
  const result = quantizeDynamically(prepared.model, {
    perChannel: params.perChannel,
    ...eightBitsFor(params),
    convolutions: params.convolutions,
    isExcluded: (node) => isExcluded(node.name),
  });
  if (result.layers.length === 0) {
    throw new LatheError("invalid-recipe", "Nothing is left to quantise.", {
      hint: `Exclude fewer layers; for instance ${result.kept[0]?.node ?? "the first"} stays in float because ${result.kept[0]?.reason ?? "of its type"}.`,
    });
  }
  const gate = await askSpeedGate({
    before: prepared.model,
    after: result.model,
    session,
    host,
    signal,
    seed,
    explain: (machine, verdict) => [eightBitReason(machine), ...shortfall(verdict, result.layers)],
  });
  emit(gateEvent(gate, "INT8"));
  return {
    model: result.model,
    findings: { gate, layers: result.layers, kept: result.kept, folded: prepared.folded.length },
    warnings: gateWarnings(gate, "INT8"),
  };
}

function shortfall(verdict: SpeedGate["verdict"], layers: Findings["layers"]): readonly string[] {
  const convolutions = layers.filter((l) => l.op === "Conv").length;
  if (verdict === "faster" || convolutions === 0) return [];
  return [
    `${convolutions} convolutions quantise their input at every call and run on a kernel that is not tuned; static quantisation avoids both.`,
  ];
}
