import { intOf, stringOf } from "../../graph/attributes.ts";
import type { Graph, Node } from "../../graph/model.ts";
import { axisOf, constantNumbers, factsOf, intVector, rankOf, reshapeLike } from "../constants.ts";
import type { GradientRule, GraphWriter } from "../gradient.ts";
import { throughMatrix, unitMatrix } from "./axisMap.ts";
import { unary } from "./forms.ts";
import { noGradientFor } from "./refuse.ts";
import { axesFrom, permute, reshapeTo, sizeOf } from "./sizes.ts";

/** Blocks go back to where they were. SpaceToDepth undoes the depth-column-row order; for the other one channels change places. */
export const depthToSpaceGradient = unary((write, { node, x, y, dy }) => {
  const block = intOf(node, "blocksize", 1);
  const deep = write.op("SpaceToDepth", [dy], { blocksize: block });
  if (stringOf(node, "mode", "DCR") === "DCR") return deep;
  const split = reshapeTo(write, deep, [
    sizeOf(write, x, 0),
    block * block,
    sizeOf(write, y, 1),
    sizeOf(write, x, 2),
    sizeOf(write, x, 3),
  ]);
  return reshapeLike(write, permute(write, split, [0, 2, 1, 3, 4]), x);
});

export const spaceToDepthGradient = unary((write, { node, dy }) =>
  write.op("DepthToSpace", [dy], { blocksize: intOf(node, "blocksize", 1), mode: "DCR" }),
);

/**
 * What was padded is cut off, what was cut off gets zeros; a padded constant gets the rest of the sum. In the other modes
 * padding repeats elements, along one axis after the other: the gradients of the repeated ones add up.
 */
export const padGradient: GradientRule = (write, { node, dy: [dy], needs, graph }) => {
  if (dy === undefined) return [];
  if (stringOf(node, "mode", "constant") === "constant") return constantPad(write, { node, dy, needs });
  if (!needs(0)) return [];
  const [x = ""] = node.inputs;
  const rank = rankOf(write, x);
  let gradient = dy;
  for (const { axis, before, after } of padsOf(write, node, graph)) {
    const { type } = factsOf(write, x);
    const unit = unitMatrix(write, sizeOf(write, x, axis), type);
    const pads = intVector(write, [before, 0, after, 0]);
    const matrix = write.op("Pad", [unit, pads], { mode: stringOf(node, "mode", "constant") });
    gradient = throughMatrix(write, gradient, { matrix, axis, rank });
  }
  return [gradient];
};

function constantPad(
  write: GraphWriter,
  { node, dy, needs }: { readonly node: Node; readonly dy: string; readonly needs: (slot: number) => boolean },
): readonly (string | undefined)[] {
  const [, pads = "", , axes = ""] = node.inputs;
  const cut = write.op("Pad", [dy, write.op("Neg", [pads]), ...(axes === "" ? [] : ["", axes])]);
  if (!needs(2)) return [cut];
  const total = (value: string): string => write.op("ReduceSum", [value], { keepdims: 0 });
  return [needs(0) ? cut : undefined, undefined, write.op("Sub", [total(dy), total(cut)])];
}

interface AxisPads {
  readonly axis: number;
  readonly before: number;
  readonly after: number;
}

function padsOf(write: GraphWriter, node: Node, graph: Graph): readonly AxisPads[] {
  const [x = "", padsInput = "", , axesInput = ""] = node.inputs;
  const rank = rankOf(write, x);
  const pads = constantNumbers(graph, padsInput);
  const axes = axesInput === "" ? axesFrom(0, rank) : constantNumbers(graph, axesInput);
  if (pads === undefined || axes === undefined)
    throw noGradientFor(node, `mode "${stringOf(node, "mode", "constant")}" with computed pads`);
  return axes
    .map((axis, at) => ({ axis: axisOf(axis, rank), before: pads[at]!, after: pads[at + axes.length]! }))
    .filter(({ before, after }) => before !== 0 || after !== 0);
}
