import type { Channels } from "./channels.ts";
import { follows, unrelated } from "./channels/elementwise.ts";
import * as layout from "./channels/shape.ts";
import { alongAxis, slice } from "./channels/indexing.ts";
import { defineOp, defineOps, free, type OpDeclaration } from "./declare.ts";
import type { Gradient } from "./gradient.ts";
import * as rules from "./gradients/shape.ts";
import { sliceGradient } from "./gradients/slice.ts";

type Traits = Partial<Pick<OpDeclaration, "since" | "quantize" | "dropout" | "sameElements">>;

/** An op that only moves elements, or takes some of them. */
const move = (op: string, rule: readonly [Gradient, Channels], traits: Traits = {}): OpDeclaration =>
  defineOp({
    domain: "",
    op,
    since: 1,
    gradient: rule[0],
    channels: rule[1],
    quantize: { role: "move" },
    cost: free,
    ...traits,
  });

const inFloat: Traits = {
  quantize: { role: "float", reason: "its eight-bit form is not worth the conversions on the CPU" },
};

export const shapeOps = [
  move("Identity", [(_, { dy }) => dy, follows], { sameElements: true }),
  move("Reshape", [rules.reshapeGradient, layout.reshape], { sameElements: true }),
  move("Transpose", [rules.transposeGradient, layout.transpose]),
  move("Flatten", [rules.reshapeGradient, layout.flatten], { sameElements: true }),
  move("Squeeze", [rules.reshapeGradient, layout.flatten], { sameElements: true }),
  move("Unsqueeze", [rules.reshapeGradient, layout.flatten], { sameElements: true }),
  move("Slice", [sliceGradient, slice]),
  move("Dropout", [rules.dropoutGradient, follows], { dropout: { ratio: 1 } }),
  move("Concat", [rules.concatGradient, layout.concat], { quantize: { role: "join" } }),
  move("Expand", [rules.expandGradient, layout.expand], inFloat),
  move("Tile", [rules.tileGradient, layout.tile], inFloat),
  move("Split", [rules.splitGradient, layout.split], inFloat),
  move("Trilu", [rules.triluGradient, alongAxis], { ...inFloat, since: 14 }),
  move("ReverseSequence", [rules.reverseSequenceGradient, alongAxis], { ...inFloat, since: 10 }),
  move("CumSum", [rules.cumSumGradient, alongAxis], { ...inFloat, since: 11 }),
  ...["Cast", "CastLike"].map((op) => move(op, [rules.castGradient, follows], { quantize: { role: "none" } })),
  // What they make does not depend on numbers that could be differentiated by.
  ...defineOps(
    [
      ...["Shape", "Size", "NonZero", "Constant", "ConstantOfShape", "EyeLike"],
      ...["RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Bernoulli", "Multinomial"],
    ],
    { domain: "", since: 1, gradient: "stops", channels: unrelated, quantize: { role: "none" }, cost: free },
  ),
];
