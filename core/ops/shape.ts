import { defineOp, defineOps, free, type OpDeclaration } from "./declare.ts";
import type { Gradient } from "./gradient.ts";
import * as rules from "./gradients/shape.ts";
import { sliceGradient } from "./gradients/slice.ts";

type Traits = Partial<Pick<OpDeclaration, "since" | "quantize" | "dropout">>;

/** An op that only moves elements, or takes some of them. */
const move = (op: string, gradient: Gradient, traits: Traits = {}): OpDeclaration =>
  defineOp({ domain: "", op, since: 1, gradient, quantize: { role: "move" }, cost: free, ...traits });

const inFloat: Traits = {
  quantize: { role: "float", reason: "its eight-bit form is not worth the conversions on the CPU" },
};

export const shapeOps = [
  move("Identity", (_, { dy }) => dy),
  move("Reshape", rules.reshapeGradient),
  move("Transpose", rules.transposeGradient),
  move("Flatten", rules.reshapeGradient),
  move("Squeeze", rules.reshapeGradient),
  move("Unsqueeze", rules.reshapeGradient),
  move("Slice", sliceGradient),
  move("Dropout", rules.dropoutGradient, { dropout: { ratio: 1 } }),
  move("Concat", rules.concatGradient, { quantize: { role: "join" } }),
  move("Expand", rules.expandGradient, inFloat),
  move("Tile", rules.tileGradient, inFloat),
  move("Split", rules.splitGradient, inFloat),
  move("Trilu", rules.triluGradient, { ...inFloat, since: 14 }),
  move("ReverseSequence", rules.reverseSequenceGradient, { ...inFloat, since: 10 }),
  move("CumSum", rules.cumSumGradient, { ...inFloat, since: 11 }),
  ...["Cast", "CastLike"].map((op) => move(op, rules.castGradient, { quantize: { role: "none" } })),
  // What they make does not depend on numbers that could be differentiated by.
  ...defineOps(
    [
      ...["Shape", "Size", "NonZero", "Constant", "ConstantOfShape", "EyeLike"],
      ...["RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Bernoulli", "Multinomial"],
    ],
    { domain: "", since: 1, gradient: "stops", quantize: { role: "none" }, cost: free },
  ),
];
