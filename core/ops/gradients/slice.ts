import type { GradientCall, GradientRule, GraphWriter } from "../gradient.ts";
import { axisOf, constantNumbers, factsOf, intVector } from "../constants.ts";
import { noGradientFor } from "./refuse.ts";
import { sizeOf, sizesOf, sizeVector } from "./sizes.ts";
import { wholeNumbers, type Whole, type WholeNumbers } from "./wholes.ts";

/** One sliced axis: y takes every |step|-th of x, from the last to the first where the step is negative. */
interface Cut {
  readonly axis: number;
  readonly step: number;
  /** As the op is told it: may be negative, or beyond the end. */
  readonly start: Whole;
}

/**
 * dx is zero, but for dy where it was taken from: dy is turned around where the step is negative, spread where it is
 * more than 1, and padded. Bounds may be computed; axes and steps have to be constants.
 */
export const sliceGradient: GradientRule = (write, call) => {
  const [dy] = call.dy;
  if (dy === undefined || !call.needs(0)) return [];
  const [x = ""] = call.node.inputs;
  const y = call.node.outputs[0] ?? "";
  const rank = factsOf(write, x).dims.length;
  const whole = wholeNumbers(write);
  const pads: Whole[] = Array.from({ length: 2 * rank }, () => 0);
  let spread = dy;
  for (const cut of cutsOf(write, call, rank)) {
    const { axis, step } = cut;
    if (step < 0) spread = turned(write, spread, axis);
    if (Math.abs(step) > 1) spread = spreadOut(write, spread, { y, axis, step: Math.abs(step) });
    const [size, count] = [x, y].map((value) => sizeOf(write, value, axis)).map(whole.of) as [Whole, Whole];
    const reach = whole.times(whole.plus(count, -1), Math.abs(step));
    const front = frontOf(whole, cut, { size, reach });
    pads[axis] = front;
    pads[axis + rank] = whole.minus(whole.minus(size, front), whole.plus(reach, 1));
  }
  return [pads.every((p) => p === 0) ? spread : write.op("Pad", [spread, whole.vector(pads)])];
};

/** Position of the first element of x that was taken, counted from the front. */
function frontOf(
  whole: WholeNumbers,
  { start, step }: Cut,
  { size, reach }: { readonly size: Whole; readonly reach: Whole },
): Whole {
  // A positive start is inside, or nothing was taken at all.
  if (step > 0)
    return typeof start === "number" && start >= 0 ? start : whole.clamp(whole.fromEnd(start, size), 0, size);
  const last = whole.plus(size, -1);
  return whole.minus(whole.clamp(whole.fromEnd(start, size), 0, last), reach);
}

/** In the order of their axes: when one is spread, the later ones still have the sizes that they have in y. */
function cutsOf(write: GraphWriter, { node, graph }: GradientCall, rank: number): readonly Cut[] {
  const [, starts = "", , axesInput = "", stepsInput = ""] = node.inputs;
  const count = factsOf(write, starts).dims[0];
  const axes = axesInput === "" ? undefined : constantNumbers(graph, axesInput);
  const steps = stepsInput === "" ? undefined : constantNumbers(graph, stepsInput);
  if (typeof count !== "number" || (axesInput !== "" && axes === undefined)) throw noGradientFor(node, "computed axes");
  if (stepsInput !== "" && steps === undefined) throw noGradientFor(node, "computed steps");
  const known = constantNumbers(graph, starts);
  const cuts = Array.from({ length: count }, (_, i) => ({
    axis: axisOf(axes?.[i] ?? i, rank),
    step: steps?.[i] ?? 1,
    start: known?.[i] ?? write.op("Gather", [starts, intVector(write, [i])]),
  }));
  return cuts.toSorted((a, b) => a.axis - b.axis);
}

const turned = (write: GraphWriter, value: string, axis: number): string =>
  write.op("Slice", [value, ...[[-1], [Number.MIN_SAFE_INTEGER], [axis], [-1]].map((v) => intVector(write, v))]);

/** Puts step − 1 zeros between the elements along an axis. */
function spreadOut(
  write: GraphWriter,
  value: string,
  { y, axis, step }: { readonly y: string; readonly axis: number; readonly step: number },
): string {
  const sizes = sizesOf(write, y);
  const rank = sizes.length;
  const single = write.op("Unsqueeze", [value, intVector(write, [axis + 1])]);
  const pads = Array.from({ length: 2 * rank + 2 }, (_, i) => (i === rank + axis + 2 ? step - 1 : 0));
  const padded = write.op("Pad", [single, intVector(write, pads)]);
  // 0: as it is; −1: left to the op to find.
  const shape = [...sizes.slice(0, axis).map(() => 0), -1, ...sizes.slice(axis + 1)];
  const joined = write.op("Reshape", [padded, sizeVector(write, shape)]);
  return write.op("Slice", [joined, ...[[0], [1 - step], [axis]].map((v) => intVector(write, v))]);
}
