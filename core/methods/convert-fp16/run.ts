import { globMatcher } from "../../base/glob.ts";
import { findShapes } from "../../measure/shapes.ts";
import { askSpeedGate, gateEvent, gateWarnings } from "../../measure/speedGate.ts";
import { prepareModel } from "../../transform/prepare.ts";
import { toHalfPrecision } from "../../transform/halfPrecision.ts";
import type { MethodContext, MethodResult } from "../define.ts";
import type { Findings } from "./findings.ts";
import type { Params } from "./params.ts";

/** Converts a float32 model to float16. */
export async function run(context: MethodContext<Params>): Promise<MethodResult<Findings>> {
  const { params, session, host, signal, seed, emit } = context;
  emit({ kind: "stage", name: "Convert" });
  const prepared = prepareModel(context.model);
  const isExcluded = globMatcher(
    params.exclude,
    prepared.model.graph.nodes.map((n) => n.name),
  );
  const { values } = await findShapes(prepared.model, { host, signal });
  const { model, ...facts } = toHalfPrecision(prepared.model, {
    typeOf: (value) => values.get(value)?.type,
    isExcluded: (node) => isExcluded(node.name),
  });
  const gate = await askSpeedGate({
    before: prepared.model,
    after: model,
    session,
    host,
    signal,
    seed,
    explain: (_, verdict) =>
      verdict === "faster" || (session.provider ?? "cpu") !== "cpu"
        ? []
        : ["The runtime's CPU kernels compute in float32 and convert around every layer; half precision pays on GPUs."],
  });
  emit(gateEvent(gate, "float16"));
  const warnings = [...gateWarnings(gate, "float16")];
  if (facts.clamped > 0) warnings.push(`${facts.clamped} constants beyond ±65,504 were clamped.`);
  return { model, findings: { gate, folded: prepared.folded.length, ...facts }, warnings };
}
