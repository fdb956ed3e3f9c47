import type { Axes, Axis, ChannelRule, Coupler } from "../channels.ts";

/** ONNX broadcasting of the given slots: axes are aligned at the end, and those of size 1 follow the others. */
export function broadcast(call: Coupler, slots: readonly number[]): Axes {
  const inputs = slots.map((slot) => ({ axes: call.input(slot), sizes: call.sizes(slot) }));
  const rank = Math.max(0, ...inputs.map((i) => i.sizes.length));
  return Array.from({ length: rank }, (_, axis): Axis => {
    const met: Axis[] = [];
    for (const { axes, sizes } of inputs) {
      const own = axis - rank + sizes.length;
      if (own >= 0 && sizes[own]! > 1) met.push(axes[own]);
    }
    return met.length === 0 ? undefined : call.same(...met);
  });
}

const allSlots = ({ slots }: Coupler): readonly number[] => Array.from({ length: slots.inputs }, (_, slot) => slot);

const forEach = ({ slots }: Coupler, axes: Axes): readonly Axes[] => Array.from({ length: slots.outputs }, () => axes);

/** An op that works element by element on all its inputs. */
export const elementwise: ChannelRule = { couple: (call) => forEach(call, broadcast(call, allSlots(call))) };

/** An op whose outputs have the axes of its first input; the other inputs are single numbers or hints. */
export const follows: ChannelRule = { couple: (call) => forEach(call, call.input(0)) };

/** What comes out depends on no axis of what goes in. */
export const unrelated: ChannelRule = {
  couple: (call) =>
    Array.from({ length: call.slots.outputs }, (_, slot) => call.outputSizes(slot).map(() => undefined)),
};
