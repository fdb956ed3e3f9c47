import type { Applicability } from "../contract/method.ts";
import type { Model } from "../graph/model.ts";

const QUANTIZED = /^(QLinear|QGemm|QAttention|ConvInteger|MatMulInteger|DequantizeLinear|DynamicQuantize|MatMulNBits)/;

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
