import type { Axis, ChannelRule, Coupler } from "../channels.ts";

const given = (call: Coupler, slot: number): boolean => slot < call.slots.inputs && call.sizes(slot).length > 0;

/**
 * X [T, B, I], W [directions, gates·H, I], R [directions, gates·H, H], B [directions, 2·gates·H], states [directions,
 * B, H], peepholes [directions, 3·H]. A unit is an index of H in every gate, weight and state of all directions.
 */
export const recurrent: ChannelRule = {
  couple: (call) => {
    const [, rows = 1, width = 1] = call.sizes(2);
    const gates = rows / width;
    const [, made, inputs] = call.input(1);
    const [, again, own] = call.input(2);
    call.same(call.input(0)[2], inputs);
    const unit = (axis: Axis, times: number): Axis => call.fold(axis, [times, width], 1);
    const tied: Axis[] = [unit(made, gates), unit(again, gates), own];
    if (given(call, 3)) tied.push(unit(call.input(3)[1], 2 * gates));
    for (const slot of [5, 6]) if (given(call, slot)) tied.push(call.input(slot)[2]);
    if (given(call, 7)) tied.push(unit(call.input(7)[1], 3));
    const hidden = call.same(...tied);
    return Array.from({ length: call.slots.outputs }, (_, slot) =>
      slot === 0 ? [undefined, undefined, undefined, hidden] : [undefined, undefined, hidden],
    );
  },
  rewrite: (cut) => {
    const left = cut.input(2, 2);
    return left === undefined ? {} : { attributes: { hidden_size: left.filter(Boolean).length } };
  },
  roles: { 1: "weight", 2: "weight", 3: "bias", 7: "weight" },
  makes: (_, slot) => (slot === 1 || slot === 2 ? 1 : undefined),
};
