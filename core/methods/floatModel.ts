import type { Applicability } from "../contract/method.ts";
import type { Model } from "../graph/model.ts";

const QUANTIZED = /^(QLinear|QGemm|QAttention|ConvInteger|MatMulInteger|DequantizeLinear|DynamicQuantize|MatMulNBits)/;

/** Says yes to float models with weights, and no to quantised ones and those without. */
export function needsFloatWeights(model: Model, notes: readonly string[] = []): Applicability {
  const { initializers, nodes } = model.graph;
  const hasWeights = initializers.some((t) => t.type === "float32") || nodes.some((n) => n.op === "Constant");
  const no = {
    applies: false,
    reason: "The model has no float32 weights.",
    hint: "Start from the float32 variant.",
  } as const;
  return refuseQuantized(model) ?? (hasWeights ? { applies: true, notes: [...notes] } : no);
}

/** Says no where a model has been quantised already; undefined where it has not. */
export function refuseQuantized({ graph }: Model): Applicability | undefined {
  const found = graph.nodes.find((n) => QUANTIZED.test(n.op));
  if (found === undefined) return undefined;
  return {
    applies: false,
    reason: `The model is quantised already: ${found.op} "${found.name || (found.outputs[0] ?? "")}".`,
    hint: "Start from the float variant.",
  };
}
