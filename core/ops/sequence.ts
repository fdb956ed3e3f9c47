import { defineOps, free, type OpDeclaration } from "./declare.ts";
import type { Gradient } from "./gradient.ts";

const sequence = (ops: readonly string[], gradient: Gradient): readonly OpDeclaration[] =>
  defineOps(ops, {
    domain: "",
    since: 11,
    gradient,
    channels: { unknown: "handles lists of values" },
    quantize: { role: "none" },
    cost: free,
  });

/** Ops whose values are lists of tensors, may be absent, or have a size that the elements decide. */
export const sequenceOps = [
  ...sequence(
    [
      ...["SequenceConstruct", "SequenceInsert", "SequenceErase", "SequenceAt", "SequenceMap"],
      ...["SplitToSequence", "ConcatFromSequence", "Optional", "OptionalGetElement"],
    ],
    { unsupported: "gradients do not flow through sequences and optionals" },
  ),
  ...sequence(["SequenceEmpty", "SequenceLength", "OptionalHasElement"], "stops"),
  ...sequence(["Unique"], { unsupported: "how many elements it gives depends on what they are" }),
];
