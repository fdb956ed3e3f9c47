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
  couple: (call) => {
    const made = relaid(call);
    if (call.constant(1) !== undefined || openSizes(call) <= 1) return [made];
    for (const axis of made) call.keep(axis, "has a computed shape with several open sizes");
    return [made.map(() => undefined)];
  },
  rewrite: (cut) => (isCut(cut) ? { constants: { 1: shapeFor(cut) } } : {}),
};

/** Sizes of the output that neither are numbers nor can be copied from the same axis of the input. */
function openSizes({ dims, outputDims }: Coupler): number {
  const from = dims(0);
  return outputDims(0).filter((d, axis) => typeof d !== "number" && (d === "?" || from[axis] !== d)).length;
}

/** Reshapes that follow their input by themselves. */
export const flatten: ChannelRule = { couple: (call) => [relaid(call)] };

function isCut(cut: Cut): boolean {
  return (
    cut.sizes(0).some((_, axis) => cut.input(0, axis) !== undefined) ||
    cut.outputSizes(0).some((_, axis) => cut.output(0, axis) !== undefined)
  );
}

/** A constant shape with other numbers; in place of a computed one: numbers, 0 for copied sizes, −1 for an open one. */
function shapeFor({ constant, dims, outputDims }: Cut): readonly number[] {
  const [from, to, shape] = [dims(0), outputDims(0), constant(1)];
  return to.map((d, axis) => {
    const old = shape?.[axis];
    if (old !== undefined && old <= 0) return old;
    if (typeof d === "number") return d;
    return old ?? (d !== "?" && from[axis] === d ? 0 : -1);
  });
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
    if (call.constant(1) === undefined) {
      // The computed shape may name the sizes of before.
      for (const axis of axes) call.keep(axis, "has a computed shape");
      return [to.map(() => undefined)];
    }
    return [
      to.map((size, axis): Axis => {
        const own = axis - to.length + from.length;
        return own >= 0 && from[own] === size ? axes[own] : call.fresh(size);
      }),
    ];
  },
  rewrite: ({ constant, outputDims }) => {
    const [shape, dims] = [constant(1) ?? [], outputDims(0)];
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
