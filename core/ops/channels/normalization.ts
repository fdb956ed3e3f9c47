import { intOf, intsOf } from "../../graph/attributes.ts";
import type { Axis, ChannelRule, Coupler } from "../channels.ts";

const affine = { 1: "scale", 2: "shift" } as const;

const has = (call: Coupler, slot: number): boolean => slot < call.slots.inputs && call.sizes(slot).length > 0;

const padded = (call: Coupler, axes: readonly Axis[]): readonly (readonly Axis[])[] =>
  Array.from({ length: call.slots.outputs }, (_, slot) =>
    slot === 0 ? axes : call.outputSizes(slot).map(() => undefined),
  );

/** One number per channel in each of the slots, channels in axis 1. */
const perChannel = (slots: readonly number[]): ChannelRule["couple"] => {
  return (call) => {
    const [batch, channels, ...rest] = call.input(0);
    const tied = slots.filter((slot) => has(call, slot)).map((slot) => call.input(slot)[0]);
    return padded(call, [batch, call.same(channels, ...tied), ...rest]);
  };
};

export const batchNormalization: ChannelRule = {
  couple: perChannel([1, 2, 3, 4]),
  roles: { ...affine, 3: "mean", 4: "variance" },
};

export const instanceNormalization: ChannelRule = { couple: perChannel([1, 2]), roles: affine };

/** Axes from `axis` on are averaged over; the affine slots have their shape. */
const overLast = (slots: readonly number[], roles: ChannelRule["roles"]): ChannelRule => ({
  couple: (call) => {
    const axes = [...call.input(0)];
    const from = intOf(call.node, "axis", -1);
    for (let i = from < 0 ? axes.length + from : from; i < axes.length; i++) {
      for (const slot of slots) {
        const own = i - axes.length + call.sizes(slot).length;
        if (has(call, slot) && own >= 0 && call.sizes(slot)[own]! > 1)
          axes[i] = call.same(axes[i], call.input(slot)[own]);
      }
      call.shift(axes[i], "averages over it");
    }
    return padded(call, axes);
  },
  ...(roles && { roles }),
});

export const layerNormalization = overLast([1, 2], affine);

/** Input, skip, scale, shift, bias: the sum of both is normalised, and may be handed out as fourth output. */
export const skipLayerNormalization = (slots: {
  readonly tied: readonly number[];
  readonly roles: ChannelRule["roles"];
}): ChannelRule => ({
  couple: (call) => {
    const skip = call.input(1);
    const axes = call.input(0).map((axis, i) => {
      const own = i - call.sizes(0).length + skip.length;
      return own >= 0 && call.sizes(1)[own]! > 1 ? call.same(axis, skip[own]) : axis;
    });
    const width = call.same(axes.at(-1), ...slots.tied.filter((s) => has(call, s)).map((s) => call.input(s)[0]));
    call.shift(width, "averages over it");
    const made = [...axes.slice(0, -1), width];
    return Array.from({ length: call.slots.outputs }, (_, slot) =>
      slot === 0 || slot === 3 ? made : call.outputSizes(slot).map(() => undefined),
    );
  },
  ...(slots.roles && { roles: slots.roles }),
});

/** Scale and shift have one number per group before opset 21, and one per channel from it on. */
export const groupNormalization = (form: "per group" | "per channel"): ChannelRule => ({
  couple: (call) => {
    const groups = intOf(call.node, "num_groups", 1);
    const [batch, channels, ...rest] = call.input(0);
    const [group, inner] = call.split(channels, [groups, (call.sizes(0)[1] ?? 1) / groups]);
    call.shift(inner, "averages over the channels of a group");
    if (form === "per group") call.same(group, call.input(1)[0], call.input(2)[0]);
    else call.same(channels, call.input(1)[0], call.input(2)[0]);
    return [[batch, channels, ...rest]];
  },
  rewrite: ({ node, input }) => {
    const left = input(0, 1);
    const groups = intOf(node, "num_groups", 1);
    if (left === undefined) return {};
    const size = left.length / groups;
    const count = Array.from({ length: groups }, (_, g) => left.slice(g * size, (g + 1) * size).includes(true));
    return { attributes: { num_groups: count.filter(Boolean).length } };
  },
  roles: affine,
});

/** Statistics over the axes that the node names. */
export const meanVariance: ChannelRule = {
  couple: (call) => {
    const axes = call.input(0);
    for (const axis of intsOf(call.node, "axes") ?? [0, 2, 3]) call.shift(axes.at(axis), "averages over it");
    return [axes];
  },
};

/** Channels are divided by what their neighbours hold. */
export const neighbours: ChannelRule = {
  couple: (call) => {
    const axes = call.input(0);
    call.shift(axes[1], "divides by neighbouring channels");
    return [axes];
  },
};

/** Softmax and its relatives: every element depends on all along the axis, or before opset 13 from the axis on. */
export const normalizedAlong: ChannelRule = {
  couple: (call) => {
    const axes = call.input(0);
    const asked = intOf(call.node, "axis", call.opset < 13 ? 1 : -1);
    const from = asked < 0 ? asked + axes.length : asked;
    const to = call.opset < 13 ? axes.length : from + 1;
    for (const axis of axes.slice(from, to)) call.keep(axis, "makes its values add up to one along it");
    return [axes];
  },
};
