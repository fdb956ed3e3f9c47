import { intOf } from "../../graph/attributes.ts";
import type { Axis, ChannelRule, Coupler, Cut, Rewrite } from "../channels.ts";

/** Weight [O, I/groups, ...kernel]; data [N, I, ...pixels]. */
function couple(call: Coupler): readonly (readonly Axis[])[] {
  const groups = intOf(call.node, "group", 1);
  const [batch, channels, ...pixels] = call.input(0);
  const [outputs, inner, ...kernel] = call.input(1);
  const [size = 1, within = 1] = call.sizes(1);
  const [block, inputs] = call.split(channels, [groups, within]);
  call.same(inner, inputs);
  call.same(call.split(outputs, [groups, size / groups])[0], block);
  return [[batch, finish(call, outputs, { kernel, pixels }), ...pixels.map(() => undefined)]];
}

/** Weight [I, O/groups, ...kernel]. */
function coupleTransposed(call: Coupler): readonly (readonly Axis[])[] {
  const groups = intOf(call.node, "group", 1);
  const [batch, channels, ...pixels] = call.input(0);
  const [inputs, outer, ...kernel] = call.input(1);
  const [size = 1, within = 1] = call.sizes(1);
  const [block] = call.split(call.same(channels, inputs), [groups, size / groups]);
  const outputs = call.merge([block, outer], [groups, within]);
  return [[batch, finish(call, outputs, { kernel, pixels }), ...pixels.map(() => undefined)]];
}

function finish(
  call: Coupler,
  outputs: Axis,
  { kernel, pixels }: { readonly kernel: readonly Axis[]; readonly pixels: readonly Axis[] },
): Axis {
  for (const axis of [...kernel, ...pixels]) call.keep(axis, "moves its windows over it");
  return call.slots.inputs > 2 && call.sizes(2).length > 0 ? call.same(outputs, call.input(2)[0]) : outputs;
}

/** Groups of which something is left. */
function countGroups({ node, ...cut }: Cut): Rewrite {
  const groups = intOf(node, "group", 1);
  const left = cut.input(0, 1);
  if (groups === 1 || left === undefined) return {};
  const size = left.length / groups;
  const count = Array.from({ length: groups }, (_, g) => left.slice(g * size, (g + 1) * size).includes(true));
  return { attributes: { group: count.filter(Boolean).length } };
}

const roles = { 1: "weight", 2: "bias" } as const;

export const convolution: ChannelRule = { couple, rewrite: countGroups, roles };

export const transposedConvolution: ChannelRule = { couple: coupleTransposed, rewrite: countGroups, roles };

/** A convolution that adds another value of its output's shape, in slot 3. */
export const addingConvolution: ChannelRule = {
  ...convolution,
  couple: (call) => {
    const [made = []] = couple(call);
    if (call.slots.inputs < 4 || call.sizes(3).length === 0) return [made];
    const added = call.input(3);
    return [made.map((axis, i) => call.same(axis, added[i]))];
  },
};
