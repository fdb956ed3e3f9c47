import { intOf, intsOf } from "../../graph/attributes.ts";
import type { Axes, Axis, ChannelRule, Coupler, Cut, Rewrite } from "../channels.ts";

/** The axes of a value whose elements are laid out anew, in the same order. */
export function relaid(call: Coupler): Axes {
  const [axes, from, to] = [call.input(0), call.sizes(0), call.outputSizes(0)];
  const made: Axis[] = [];
  for (let [i, j] = [0, 0]; i < from.length || j < to.length;) {
    const [starts, startsTo] = [i, j];
    let [before, after] = [from[i++] ?? 1, to[j++] ?? 1];
    // The shortest runs of axes on both sides with as many elements.
    while (before !== after) {
      if (before < after && i < from.length) before *= from[i++]!;
      else if (j < to.length) after *= to[j++]!;
      else break;
    }
    if (j > to.length) break;
    const whole = call.merge(axes.slice(starts, i), from.slice(starts, i));
    made.push(...call.split(whole, to.slice(startsTo, j)));
  }
  return made.slice(0, to.length);
}

export const reshape: ChannelRule = {
  couple: (call) => [relaid(call)],
  rewrite: (cut) => (isCut(cut) ? shapeFor(cut) : {}),
};

/** Reshapes that follow their input by themselves. */
export const flatten: ChannelRule = { couple: (call) => [relaid(call)] };

function isCut(cut: Cut): boolean {
  return (
    cut.sizes(0).some((_, axis) => cut.input(0, axis) !== undefined) ||
    cut.outputSizes(0).some((_, axis) => cut.output(0, axis) !== undefined)
  );
}

/**
 * The shape in slot 1 without what is gone. A constant one keeps its 0 and −1. A computed one may or may not follow what
 * becomes of other values: where indexes are gone it gets the new size as its limit.
 */
function shapeFor(cut: Cut): Rewrite {
  const [shape, dims] = [cut.constant(1), cut.outputDims(0)];
  if (shape === undefined) return { limits: { 1: limitsOf(cut, cut.sizes(1)[0] ?? dims.length) } };
  const sizes = shape.map((size, axis) => {
    const dim = dims[axis];
    return size > 0 && typeof dim === "number" ? dim : size;
  });
  return { constants: { 1: sizes } };
}

/** The last `count` sizes of the output where indexes are gone from it, else none. */
function limitsOf({ output, outputDims }: Cut, count: number): readonly (number | null)[] {
  return outputDims(0)
    .map((d, axis) => (output(0, axis) !== undefined && typeof d === "number" ? d : null))
    .slice(-count);
}

export const transpose: ChannelRule = {
  couple: (call) => {
    const axes = call.input(0);
    const order = intsOf(call.node, "perm") ?? axes.map((_, i) => axes.length - 1 - i);
    return [order.map((axis) => axes[axis])];
  },
};

export const concat: ChannelRule = {
  couple: (call) => {
    const inputs = Array.from({ length: call.slots.inputs }, (_, slot) => slot).filter(
      (s) => call.node.inputs[s] !== "",
    );
    const rank = call.outputSizes(0).length;
    const asked = intOf(call.node, "axis", 1);
    const at = asked < 0 ? asked + rank : asked;
    return [
      Array.from({ length: rank }, (_, axis): Axis => {
        const own = inputs.map((slot) => call.input(slot)[axis]);
        if (axis !== at) return call.same(...own);
        if (own.every((a) => a === undefined)) return undefined;
        return inputs.flatMap((slot, i) => own[i] ?? Array.from({ length: call.sizes(slot)[axis] ?? 0 }, () => 0));
      }),
    ];
  },
};

export const split: ChannelRule = {
  couple: (call) => {
    const axes = call.input(0);
    const at = axisOf(call);
    let from = 0;
    return Array.from({ length: call.slots.outputs }, (_, slot) => {
      const size = call.outputSizes(slot)[at] ?? 0;
      const part = axes[at]?.slice(from, from + size);
      from += size;
      return axes.map((axis, i) => (i === at ? part : axis));
    });
  },
  rewrite: (cut): Rewrite => {
    const at = axisOf({ node: cut.node, sizes: cut.sizes });
    if (cut.input(0, at) === undefined) return {};
    const sizes = cut.node.outputs.map((_, slot) => cut.outputDims(slot)[at]);
    const known = sizes.map((size) => (typeof size === "number" ? size : 0));
    return cut.opset < 13
      ? { attributes: { split: known } }
      : { constants: { 1: known }, attributes: { num_outputs: null } };
  },
};

function axisOf({ node, sizes }: Pick<Coupler, "node" | "sizes">): number {
  const axis = intOf(node, "axis", 0);
  return axis < 0 ? axis + sizes(0).length : axis;
}

/** Copies along axes of size 1: what is made of one index can lose any of its copies. */
export const expand: ChannelRule = {
  couple: (call) => {
    const [axes, from, to] = [call.input(0), call.sizes(0), call.outputSizes(0)];
    return [
      to.map((size, axis): Axis => {
        const own = axis - to.length + from.length;
        if (own >= 0 && from[own] === size) return axes[own];
        return call.constant(1) === undefined ? undefined : call.fresh(size);
      }),
    ];
  },
  rewrite: (cut) => {
    const [shape, dims] = [cut.constant(1), cut.outputDims(0)];
    if (!isCut(cut)) return {};
    if (shape === undefined) return { limits: { 1: limitsOf(cut, cut.sizes(1)[0] ?? dims.length) } };
    const sizes = shape.map((size, i) => {
      const dim = dims[i - shape.length + dims.length];
      return size !== 1 && typeof dim === "number" ? dim : size;
    });
    return { constants: { 1: sizes } };
  },
};

/** Whole repetitions one after the other. */
export const tile: ChannelRule = {
  couple: (call) => {
    const [axes, from, to] = [call.input(0), call.sizes(0), call.outputSizes(0)];
    return [
      axes.map((axis, i): Axis => {
        const times = (to[i] ?? 1) / (from[i] ?? 1);
        return axis === undefined ? undefined : Array.from({ length: times }, () => axis).flat();
      }),
    ];
  },
};
