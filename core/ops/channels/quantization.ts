import { intOf } from "../../graph/attributes.ts";
import type { ChannelRule } from "../channels.ts";

/** Scale and zero point per index of one axis, or one for all. */
export const scaled: ChannelRule = {
  couple: (call) => {
    const axes = [...call.input(0)];
    const asked = intOf(call.node, "axis", 1);
    const at = asked < 0 ? asked + axes.length : asked;
    for (const slot of [1, 2]) {
      const [size = 1, ...more] = slot < call.slots.inputs ? call.sizes(slot) : [];
      if (more.length > 0) for (const axis of axes) call.keep(axis, "has a scale per block");
      else if (size > 1) axes[at] = call.same(axes[at], call.input(slot)[0]);
    }
    return Array.from({ length: call.slots.outputs }, (_, slot) =>
      slot === 0 ? axes : call.outputSizes(slot).map(() => undefined),
    );
  },
};
