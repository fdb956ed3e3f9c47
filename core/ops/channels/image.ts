import { intOf, intsOf, stringOf } from "../../graph/attributes.ts";
import type { Axis, ChannelRule, Coupler, Cut } from "../channels.ts";

/** Elements before and after, by axis; undefined where computed. */
function padsOf(
  call: Pick<Coupler, "node" | "opset" | "constant" | "sizes">,
): ReadonlyMap<number, readonly [number, number]> | undefined {
  const rank = call.sizes(0).length;
  const pads = call.opset < 11 ? (intsOf(call.node, "pads") ?? intsOf(call.node, "paddings")) : call.constant(1);
  const axes = (call.node.inputs[3] ?? "") === "" ? undefined : call.constant(3);
  if (pads === undefined || ((call.node.inputs[3] ?? "") !== "" && axes === undefined)) return undefined;
  const count = pads.length / 2;
  return new Map(
    Array.from({ length: count }, (_, i) => {
      const axis = axes?.[i] ?? i;
      return [axis < 0 ? axis + rank : axis, [pads[i] ?? 0, pads[i + count] ?? 0] as const];
    }),
  );
}

/** What stands before and behind an axis is indexes of their own. */
export const pad: ChannelRule = {
  couple: (call) => {
    const pads = padsOf(call);
    const isConstant = stringOf(call.node, "mode", "constant") === "constant";
    return [
      call.input(0).map((axis, i): Axis => {
        const [before, after] = pads?.get(i) ?? [0, 0];
        const isAsLong = call.sizes(0)[i] === call.outputSizes(0)[i];
        if (before === 0 && after === 0 && isAsLong) return axis;
        if (axis === undefined) return undefined;
        if (pads !== undefined && isConstant && before >= 0 && after >= 0) {
          return [...call.fresh(before), ...axis, ...call.fresh(after)];
        }
        call.keep(axis, "pads it with what it holds, or by a computed amount");
        return undefined;
      }),
    ];
  },
  rewrite: (cut) => {
    const pads = padsOf(cut);
    if (pads === undefined || ![...pads.keys()].some((axis) => cut.output(0, axis) !== undefined)) return {};
    const left = [...pads].map(([axis, [before, after]]) => {
      const out = cut.output(0, axis);
      if (out === undefined) return [before, after] as const;
      const count = (part: readonly boolean[]): number => part.filter(Boolean).length;
      return [count(out.slice(0, before)), after === 0 ? 0 : count(out.slice(-after))] as const;
    });
    const all = [...left.map(([before]) => before), ...left.map(([, after]) => after)];
    return cut.opset < 11 ? { attributes: { pads: all } } : { constants: { 1: all } };
  },
};

/** Axes that keep their size are copied; the others are mixed. */
export const resize: ChannelRule = {
  couple: (call) => {
    const [from, to] = [call.sizes(0), call.outputSizes(0)];
    return [
      call.input(0).map((axis, i): Axis => {
        if (from[i] === to[i]) return axis;
        call.keep(axis, "resamples it");
        return undefined;
      }),
    ];
  },
  rewrite: (cut) => ({ constants: sizesLeft(cut) }),
};

/** The sizes of a Resize (slot 3 since opset 11), which name the channels as well. */
function sizesLeft(cut: Cut): Readonly<Record<number, readonly number[]>> {
  const sizes = cut.constant(3);
  if (sizes === undefined) return {};
  const axes = intsOf(cut.node, "axes");
  const now = sizes.map((size, i) => {
    const axis = axes?.[i] ?? i;
    const left = cut.output(0, axis < 0 ? axis + cut.sizes(0).length : axis);
    return left === undefined ? size : left.filter(Boolean).length;
  });
  return { 3: now };
}

/** Channels [b, b, C] (or [C, b, b], mode CRD) become pixels: all b² of a new channel stand together. */
export const depthToSpace: ChannelRule = {
  couple: (call) => {
    const block = intOf(call.node, "blocksize", 1);
    const [batch, channels, ...pixels] = call.input(0);
    const size = (call.sizes(0)[1] ?? 1) / block ** 2;
    const isDepthFirst = stringOf(call.node, "mode", "DCR") === "DCR";
    const made = isDepthFirst
      ? call.fold(channels, [block, block, size], 2)
      : call.fold(channels, [size, block, block], 0);
    for (const axis of pixels) call.keep(axis, "puts channels between its pixels");
    return [[batch, made, undefined, undefined]];
  },
};

/** The other way: every channel becomes b² channels, [b, b, C]. */
export const spaceToDepth: ChannelRule = {
  couple: (call) => {
    const block = intOf(call.node, "blocksize", 1);
    const [batch, channels, ...pixels] = call.input(0);
    for (const axis of pixels) call.keep(axis, "makes channels of its pixels");
    const made = channels === undefined ? undefined : Array.from({ length: block ** 2 }, () => channels).flat();
    return [[batch, made, undefined, undefined]];
  },
};
