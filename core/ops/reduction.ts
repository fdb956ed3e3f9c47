import { intOf, intsOf } from "../graph/attributes.ts";
import type { Node } from "../graph/model.ts";
import { defineOp, free } from "./declare.ts";
import type { GraphWriter } from "./gradient.ts";

const noKernel = { role: "float", reason: "onnxruntime has no eight-bit kernel for this reduction" } as const;

/** Puts axes of size 1 where a reduction without `keepdims` dropped them, so that the value broadcasts over the input. */
function restoreAxes(write: GraphWriter, value: string, node: Node): string {
  if (intOf(node, "keepdims", 1) === 1) return value;
  const axesInput = node.inputs[1] ?? "";
  if (axesInput !== "") return write.op("Unsqueeze", [value, axesInput]);
  const axes = intsOf(node, "axes");
  // All axes were reduced: a scalar broadcasts as it is.
  if (axes === undefined) return value;
  const constant = write.constant({ type: "int64", dims: [axes.length], data: BigInt64Array.from(axes, BigInt) });
  return write.op("Unsqueeze", [value, constant]);
}

export const reductionOps = [
  defineOp({
    domain: "",
    op: "ReduceSum",
    since: 1,
    gradient: (write, { node, dy: [dy = ""] }) => {
      const x = node.inputs[0] ?? "";
      return [write.op("Expand", [restoreAxes(write, dy, node), write.op("Shape", [x])])];
    },
    quantize: noKernel,
    cost: free,
  }),
];
