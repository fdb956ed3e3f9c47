import { intOf } from "../../graph/attributes.ts";
import type { ChannelRule, Coupler } from "../channels.ts";

/** Windows over the axes behind the channels, or one value for all pixels of a channel. */
export const windows: ChannelRule = {
  couple: (call) => {
    const [batch, channels, ...pixels] = call.input(0);
    for (const axis of pixels) call.keep(axis, "moves its windows over it");
    const made = [batch, channels, ...pixels.map(() => undefined)];
    return Array.from({ length: call.slots.outputs }, () => made);
  },
};

/** Reads a picture at places that other inputs name; the channels stay. */
export const sampled: ChannelRule = {
  couple: (call) => {
    const [, channels, ...pixels] = call.input(0);
    for (const axis of pixels) call.keep(axis, "reads at places along it");
    for (let slot = 1; slot < call.slots.inputs; slot++)
      for (const axis of call.input(slot)) call.keep(axis, "takes places from it");
    return [call.outputSizes(0).map((_, axis) => (axis === 1 ? channels : undefined))];
  },
};

/** Axes that a reduction takes away, from its attribute, its second input, or all of them. */
function reducedAxes(call: Coupler): readonly number[] | undefined {
  const rank = call.sizes(0).length;
  const attribute = call.node.attributes["axes"];
  const given = attribute?.kind === "ints" ? attribute.value.map(Number) : call.constant(1);
  if (given === undefined && call.slots.inputs > 1 && call.sizes(1).length > 0) return undefined;
  const none = given === undefined || given.length === 0;
  if (none && intOf(call.node, "noop_with_empty_axes", 0) === 1) return [];
  return none ? call.sizes(0).map((_, i) => i) : given.map((axis) => (axis < 0 ? axis + rank : axis));
}

/**
 * A reduction.
 * @param shifts whether zeros along the axis change the result
 */
export const reduction = (shifts: boolean): ChannelRule => ({
  couple: (call) => {
    const axes = call.input(0);
    const reduced = reducedAxes(call);
    if (reduced === undefined) {
      for (const axis of axes) call.keep(axis, "computes what it reduces over");
      return [call.outputSizes(0).map(() => undefined)];
    }
    if (shifts) for (const axis of reduced) call.shift(axes[axis], "reduces over it");
    const isKept = intOf(call.node, "keepdims", 1) === 1;
    return [axes.flatMap((axis, i) => (reduced.includes(i) ? (isKept ? [undefined] : []) : [axis]))];
  },
});

/** Positions along an axis as numbers: they would change. */
export const position: ChannelRule = {
  couple: (call) => {
    const rank = call.sizes(0).length;
    const axes = call.input(0);
    const axis = intOf(call.node, "axis", 0);
    const at = axis < 0 ? axis + rank : axis;
    call.keep(axes[at], "gives positions along it");
    const isKept = intOf(call.node, "keepdims", 1) === 1;
    return [axes.flatMap((own, i) => (i === at ? (isKept ? [undefined] : []) : [own]))];
  },
};
