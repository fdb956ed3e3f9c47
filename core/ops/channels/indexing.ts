import { intOf, intsOf } from "../../graph/attributes.ts";
import type { Axes, Axis, ChannelRule, Coupler, Cut } from "../channels.ts";

interface Range {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** The slices of a node in full: axes counted from the front, ends within the axis; undefined where computed. */
function rangesOf(call: Pick<Coupler, "node" | "opset" | "constant" | "sizes">): readonly Range[] | undefined {
  const sizes = call.sizes(0);
  const given = (name: string, slot: number): readonly number[] | undefined =>
    call.opset < 10 ? intsOf(call.node, name) : call.constant(slot);
  const [starts, ends] = [given("starts", 1), given("ends", 2)];
  if (starts === undefined || ends === undefined) return undefined;
  const isGiven = (slot: number): boolean => (call.node.inputs[slot] ?? "") !== "";
  const [axes, steps] = [given("axes", 3), call.opset < 10 ? undefined : call.constant(4)];
  if (call.opset >= 10 && ((axes === undefined && isGiven(3)) || (steps === undefined && isGiven(4)))) return undefined;
  return starts.map((from, i): Range => {
    const asked = axes?.[i] ?? i;
    const axis = asked < 0 ? asked + sizes.length : asked;
    const size = sizes[axis] ?? 0;
    const step = steps?.[i] ?? 1;
    const clamp = (x: number): number => Math.min(size, Math.max(0, x < 0 ? x + size : x));
    return { axis, start: clamp(from), end: clamp(ends[i] ?? size), step };
  });
}

export const slice: ChannelRule = {
  couple: (call) => {
    const axes = [...call.input(0)];
    const ranges = rangesOf(call);
    if (ranges === undefined) {
      const [from, to] = [call.sizes(0), call.outputSizes(0)];
      for (const axis of axes) call.keep(axis, "computes what it cuts out");
      return [axes.map((_, i) => (from[i] === to[i] ? axes[i] : undefined))];
    }
    for (const { axis, start, end, step } of ranges) {
      const own = axes[axis];
      if (own === undefined) continue;
      if (step !== 1) {
        call.keep(own, `steps along it by "${step}"`);
        axes[axis] = undefined;
      } else axes[axis] = own.slice(start, end);
    }
    return [axes];
  },
  rewrite: (cut) => {
    const ranges = rangesOf(cut);
    if (ranges?.some(({ axis }) => cut.input(0, axis) !== undefined) !== true) return {};
    const moved = ranges.map((range) => {
      const left = cut.input(0, range.axis);
      if (left === undefined) return undefined;
      const before = (at: number): number => left.slice(0, at).filter(Boolean).length;
      return [before(range.start), before(range.end)] as const;
    });
    const [starts, ends] = [0, 1].map((k) => given(cut, k).map((old, i) => moved[i]?.[k] ?? old));
    return cut.opset < 10 ? { attributes: { starts: starts!, ends: ends! } } : { constants: { 1: starts!, 2: ends! } };
  },
};

function given(cut: Cut, k: number): readonly number[] {
  return (cut.opset < 10 ? intsOf(cut.node, k === 0 ? "starts" : "ends") : cut.constant(k + 1)) ?? [];
}

function gatherAxis(call: Pick<Coupler, "node" | "sizes">): number {
  const axis = intOf(call.node, "axis", 0);
  return axis < 0 ? axis + call.sizes(0).length : axis;
}

/** Takes indexes along an axis: constant ones are followed, others may be any. */
export const gather: ChannelRule = {
  couple: (call) => {
    const axes = call.input(0);
    const at = gatherAxis(call);
    const size = call.sizes(0)[at] ?? 0;
    const picks = call.constant(1);
    const rank = call.sizes(1).length;
    const own = axes[at];
    let taken: readonly Axis[] = call.sizes(1).map(() => undefined);
    if (own !== undefined && picks !== undefined && rank === 1) {
      taken = [picks.map((pick) => own[pick < 0 ? pick + size : pick] ?? 0)];
    } else if (own !== undefined && picks !== undefined && rank === 0) {
      for (const pick of picks) call.keep([own[pick < 0 ? pick + size : pick] ?? 0], "picks it by its number");
    } else call.keep(own, "may pick any of them");
    return [[...axes.slice(0, at), ...taken, ...axes.slice(at + 1)]];
  },
  rewrite: (cut) => {
    const at = gatherAxis(cut);
    const left = cut.input(0, at);
    const picks = cut.constant(1);
    if (left === undefined || picks === undefined) return {};
    const now = picks.flatMap((pick) => {
      const own = pick < 0 ? pick + left.length : pick;
      return left[own] === true ? [left.slice(0, own).filter(Boolean).length] : [];
    });
    return { constants: { 1: now } };
  },
  roles: { 0: "weight" },
  makes: (_, slot) => (slot === 0 ? 1 : undefined),
};

/** Cut only along axes other than the one that it works along. */
export const kept = (reason: string): ChannelRule => ({
  couple: (call) => {
    const made: Axes[] = [];
    for (let slot = 0; slot < call.slots.inputs; slot++) for (const axis of call.input(slot)) call.keep(axis, reason);
    for (let slot = 0; slot < call.slots.outputs; slot++) made.push(call.outputSizes(slot).map(() => undefined));
    return made;
  },
});

/** Computes each element from others along an axis that it names: CumSum, Trilu, ReverseSequence. */
export const alongAxis: ChannelRule = {
  couple: (call) => {
    for (const axis of call.input(0)) call.keep(axis, "computes along its axes");
    return [call.outputSizes(0).map(() => undefined)];
  },
};
