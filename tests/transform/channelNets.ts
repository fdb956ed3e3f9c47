import { nodeHost as host } from "../../core/app/nodeHost.ts";
import { toFloat32 } from "../../core/base/array.ts";
import { seededRandom } from "../../core/base/random.ts";
import { tensor, tensorArray } from "../../core/graph/build.ts";
import type { Model, Tensor } from "../../core/graph/model.ts";
import { axisLayout } from "../../core/transform/constants.ts";
import { feedsLike, findShapes, type FoundShapes, type ShapeOptions } from "../../core/measure/shapes.ts";
import { withSession } from "../../core/runtime/session.ts";
import { settleModel } from "../../core/train/settle.ts";
import { channelGroups, type ChannelGroups } from "../../core/transform/channels/groups.ts";
import { removeChannels, type ChannelChoice } from "../../core/transform/channels/remove.ts";
import { prepareModel } from "../../core/transform/prepare.ts";

export interface Subject {
  readonly model: Model;
  readonly shapes: FoundShapes;
  readonly found: ChannelGroups;
}

/** A model in the form that pruning works on, with its groups. */
export async function subjectOf(read: Model, options: Omit<ShapeOptions, "host"> = {}): Promise<Subject> {
  const settled = await settleModel(read, { host, ...options });
  const { model } = prepareModel(settled, { keepBatchNorm: true });
  const shapes = await findShapes(model, { host, ...options });
  return { model, shapes, found: channelGroups(model, shapes.values) };
}

/** About half of the units of each group that can lose some, drawn at random; at least one stays. */
export function randomChoice({ found }: Subject, seed: number, isWanted = (_: string): boolean => true): ChannelChoice {
  const random = seededRandom(seed, "choice");
  const choice = new Map<string, number[]>();
  for (const group of found.groups) {
    if (group.keptBecause !== undefined || group.shiftedBecause !== undefined || !isWanted(group.name)) continue;
    const positions = random.shuffle(group.units.map((_, i) => i)).slice(0, Math.floor(group.units.length / 2));
    if (positions.length > 0)
      choice.set(
        group.name,
        positions.sort((a, b) => a - b),
      );
  }
  return choice;
}

/** The model with zeros wherever a chosen unit occurs. */
export function withZeros({ model, found }: Subject, choice: ChannelChoice): Model {
  const changed = new Map<string, Float32Array>();
  const arrays = new Map(model.graph.initializers.map((t) => [t.name, t]));
  for (const group of found.groups) {
    for (const position of choice.get(group.name) ?? []) {
      for (const { tensor: name, axis, indexes } of group.members) {
        const constant = arrays.get(name)!;
        const data = changed.get(name) ?? toFloat32(tensorArray(constant)).slice();
        changed.set(name, data);
        const { outer, size, inner } = axisLayout(constant.dims, axis);
        for (const index of indexes[position] ?? [])
          for (let o = 0; o < outer; o++) data.fill(0, (o * size + index) * inner, (o * size + index + 1) * inner);
      }
    }
  }
  const initializers = model.graph.initializers.map((t): Tensor => {
    const data = changed.get(t.name);
    return data === undefined ? t : tensor(t.name, { type: "float32", dims: t.dims, data });
  });
  return { ...model, graph: { ...model.graph, initializers } };
}

export interface Comparison {
  /** Largest difference between the outputs of the model with zeros and the one without those channels. */
  readonly gap: number;
  /** Largest magnitude of the outputs. */
  readonly peak: number;
  /** Elements of weights of before, and after. */
  readonly elements: readonly [number, number];
}

/** Removes channels and compares with the model that holds zeros instead, for several samples where that can be. */
export async function comparePruned(subject: Subject, choice: ChannelChoice): Promise<Comparison> {
  const { model, shapes, found } = subject;
  const pruned = removeChannels(model, found, { choice, shapes: shapes.values });
  const inputs = model.graph.inputs.map((v) => v.name);
  const feeds = feedsLike(shapes, inputs, { batch: 2, seed: 4 });
  const [before, after] = await Promise.all(
    [withZeros(subject, choice), pruned].map((m) =>
      withSession(m, { host, optimization: "none" }, (session) => session.run(feeds)),
    ),
  );
  let [gap, peak] = [0, 0];
  for (const [name, expected] of Object.entries(before!)) {
    const actual = after![name]!;
    if (actual.dims.join() !== expected.dims.join())
      throw new Error(`"${name}" has the shape [${actual.dims.join()}].`);
    if (expected.type !== "float32") continue;
    const [x, y] = [toFloat32(expected), toFloat32(actual)];
    x.forEach((value, i) => {
      const difference = Math.abs(value - y[i]!);
      // Not a number in either counts as a difference.
      gap = difference <= gap ? gap : difference;
      peak = Math.max(peak, Math.abs(value));
    });
  }
  return { gap, peak, elements: [elementsOf(model), elementsOf(pruned)] };
}

const elementsOf = ({ graph }: Model): number =>
  graph.initializers.reduce((sum, t) => sum + (t.type === "float32" ? t.dims.reduce((a, b) => a * b, 1) : 0), 0);
