import { intOf, intsOf } from "../../graph/attributes.ts";
import type { Node } from "../../graph/model.ts";
import { reduceSum } from "../broadcast.ts";
import { factsOf, intVector, rankOf } from "../constants.ts";
import type { GradientRule, GraphWriter } from "../gradient.ts";
import { noGradientFor } from "./refuse.ts";
import { axesFrom, permute, reshapeTo, sizeOf, sizeVector, swapFirstTwo } from "./sizes.ts";
import { weightGradient, type Sides } from "./convolutionWeight.ts";
import { extent, spatial, windowOf, type Window } from "./window.ts";

/** y = Conv(x, w) + b. The wide side is x [N, C, …], the narrow one y [N, O, …]; w is [O, C/groups, …kernel]. */
export const convGradient: GradientRule = (write, { node, dy: [dy], needs }) => {
  if (dy === undefined) return [];
  const [x = "", w = ""] = node.inputs;
  const groups = intOf(node, "group", 1);
  const window = windowOf(write, node, { kernel: kernelOf(write, node), wide: x, narrow: node.outputs[0] ?? "" });
  return [
    needs(0) ? spread(write, { narrow: dy, weight: w, wide: x, window, groups }) : undefined,
    needs(1) ? weightGradient(write, { narrow: dy, weight: w, wide: x, window, groups }) : undefined,
    needs(2) ? biasGradient(write, dy, node) : undefined,
  ];
};

/** y = ConvTranspose(x, w) + b. The wide side is y [N, O, …], the narrow one x [N, C, …]; w is [C, O/groups, …kernel]. */
export const convTransposeGradient: GradientRule = (write, { node, dy: [dy], needs }) => {
  if (dy === undefined) return [];
  const [x = "", w = ""] = node.inputs;
  const groups = intOf(node, "group", 1);
  const window = windowOf(write, node, { kernel: kernelOf(write, node), wide: node.outputs[0] ?? "", narrow: x });
  return [
    // dx = Conv(dy, w)
    needs(0)
      ? write.op("Conv", [dy, w], {
          ...movement(window),
          pads: [...window.padsBegin, ...window.padsEnd],
          group: groups,
        })
      : undefined,
    needs(1) ? weightGradient(write, { narrow: x, weight: w, wide: dy, window, groups }) : undefined,
    needs(2) ? biasGradient(write, dy, node) : undefined,
  ];
};

/**
 * dx of a convolution, in the shape of `wide`: each narrow element spreads over its window. With stride 1 it is a
 * convolution with the flipped weight (in onnxruntime twice as fast as ConvTranspose), otherwise a ConvTranspose.
 */
export function spread(write: GraphWriter, sides: Sides): string {
  const { window } = sides;
  const before = window.padsBegin.map((p, i) => extent(window.kernel[i]!, window.dilations[i]!) - 1 - p);
  const after = window.padsEnd.map((p, i) => extent(window.kernel[i]!, window.dilations[i]!) - 1 - p);
  const isDense = window.strides.every((s) => s === 1) && [...before, ...after].every((p) => p >= 0);
  if (!isDense) return spreadStrided(write, sides);
  return write.op("Conv", [sides.narrow, flipped(write, sides)], {
    ...movement(window),
    pads: [...before, ...after],
    group: sides.groups,
  });
}

/** The weight with input and output channels exchanged within each group, and every kernel axis reversed. */
function flipped(write: GraphWriter, { weight, groups, window: { kernel } }: Sides): string {
  const turned = exchange(write, { weight, groups, kernel });
  const axes = kernel.flatMap((k, i) => (k > 1 ? [i + 2] : []));
  if (axes.length === 0) return turned;
  return write.op("Slice", [
    turned,
    intVector(
      write,
      axes.map(() => -1),
    ),
    intVector(
      write,
      axes.map(() => -0x7fffffff),
    ),
    intVector(write, axes),
    intVector(
      write,
      axes.map(() => -1),
    ),
  ]);
}

/** [O, C/groups, …] → [C, O/groups, …] */
function exchange(
  write: GraphWriter,
  { weight, groups, kernel }: { readonly weight: string; readonly groups: number; readonly kernel: readonly number[] },
): string {
  const { dims } = factsOf(write, weight);
  const rank = kernel.length + 2;
  if (groups === 1) return swapFirstTwo(write, weight, rank);
  const [outputs, inputs] = dims;
  if (outputs === groups && inputs === 1) return weight;
  const each = typeof outputs === "number" ? outputs / groups : -1;
  const split = reshapeTo(write, weight, [groups, each, sizeOf(write, weight, 1), ...kernel]);
  const turned = permute(write, split, [0, 2, 1, ...axesFrom(3, rank + 1)]);
  const merged = typeof inputs === "number" ? groups * inputs : -1;
  // Where C is not known it is the only unknown: O/groups is then a number, or both are read from the weight.
  if (merged > 0) return reshapeTo(write, turned, [merged, each, ...kernel]);
  if (each > 0) return write.op("Reshape", [turned, intVector(write, [-1, each, ...kernel])]);
  const perGroup = write.op("Div", [sizeVector(write, [{ of: weight, axis: 0 }]), intVector(write, [groups])]);
  const target = write.op("Concat", [intVector(write, [-1]), perGroup, intVector(write, kernel)], { axis: 0 });
  return write.op("Reshape", [turned, target]);
}

function spreadStrided(write: GraphWriter, { narrow, weight, wide, window, groups }: Sides): string {
  const { kernel, strides, dilations, padsBegin } = window;
  const outer = kernel.map((k, i) => {
    const [large, small] = [spatial(write, wide, i), spatial(write, narrow, i)];
    if (typeof large !== "number" || typeof small !== "number") return undefined;
    // How much longer the ConvTranspose without pads is than what is left of it.
    return (small - 1) * strides[i]! + extent(k, dilations[i]!) - padsBegin[i]! - large;
  });
  if (outer.every((o) => o !== undefined)) {
    return write.op("ConvTranspose", [narrow, weight], {
      ...movement(window),
      pads: [...padsBegin, ...outer.map((o) => Math.max(0, o))],
      output_padding: outer.map((o) => Math.max(0, -o)),
      group: groups,
    });
  }
  const made = write.op("ConvTranspose", [narrow, weight], {
    ...movement(window),
    pads: [...padsBegin, ...kernel.map(() => 0)],
    group: groups,
  });
  return fitEnd(write, made, wide);
}

/** Crops or pads with zeros at the end of the spatial axes, to the sizes of `like`. */
export function fitEnd(write: GraphWriter, value: string, like: string): string {
  const rank = rankOf(write, like);
  const inner = (of: string): string =>
    write.op("Slice", [write.op("Shape", [of]), intVector(write, [2]), intVector(write, [rank])]);
  const after = write.op("Sub", [inner(like), inner(value)]);
  const none = (length: number): string => intVector(write, new Array<number>(length).fill(0));
  return write.op("Pad", [value, write.op("Concat", [none(rank), none(2), after], { axis: 0 })]);
}

function biasGradient(write: GraphWriter, dy: string, node: Node): string {
  const rank = rankOf(write, node.outputs[0] ?? "");
  return reduceSum(write, dy, { axes: [0, ...axesFrom(2, rank)], keep: false });
}

const movement = ({ kernel, strides, dilations }: Window): Record<string, readonly number[]> => ({
  kernel_shape: kernel,
  strides,
  dilations,
});

function kernelOf(write: GraphWriter, node: Node): readonly number[] {
  const given = intsOf(node, "kernel_shape");
  if (given !== undefined && given.length > 0) return given;
  const sizes = factsOf(write, node.inputs[1] ?? "").dims.slice(2);
  if (!sizes.every((s) => typeof s === "number"))
    throw noGradientFor(node, `a kernel whose size is not known ("[${sizes.join()}]")`);
  return sizes;
}
