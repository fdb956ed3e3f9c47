import { LatheError } from "../../base/error.ts";
import type { Node } from "../../graph/model.ts";

/** The error of a rule that does not cover a form of its op, for instance `auto_pad "SAME_UPPER" over unknown sizes`. */
export function noGradientFor(node: Node, form: string): LatheError {
  return new LatheError(
    "unsupported",
    `${node.op} "${node.name || (node.outputs[0] ?? "")}": no gradient for ${form}.`,
    {
      hint: "Freeze the layers before it, or choose a method that does not train.",
      details: { op: node.op, node: node.name },
    },
  );
}
