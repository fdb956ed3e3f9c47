import { tensorArray } from "../../graph/build.ts";
import type { ElementType } from "../../base/elementType.ts";
import { LatheError } from "../../base/error.ts";
import type { Model, Node } from "../../graph/model.ts";
import { indexGraph } from "../../graph/uses.ts";
import { STAYS, type Axes, type Axis, type ChannelRule, type Coupler } from "../../ops/channels.ts";
import { opOf } from "../../ops/registry.ts";
import { startLabels, type Labels } from "./labels.ts";

/** Sizes of a value in a call with one sample, and the same with symbols where calls differ (`findShapes`). */
export interface ValueShape {
  readonly dims: readonly (number | string)[];
  readonly sizes: readonly number[];
}

export type ValueShapes = ReadonlyMap<string, ValueShape>;

/** The axes of every value of a graph. */
export interface Coupling {
  readonly labels: Labels;
  readonly axes: ReadonlyMap<string, Axes>;
}

const WEIGHTS: ReadonlySet<ElementType> = new Set(["float32", "float16", "bfloat16", "float64", "int8", "uint8"]);

/** Walks a graph and ties the axes of its values by the rules of its ops. Knows no op by name. */
export function coupleAxes(model: Model, shapes: ValueShapes): Coupling {
  const { graph } = model;
  const index = indexGraph(graph);
  const labels = startLabels();
  const axes = new Map<string, Axes>();
  const sizesOf = (name: string): readonly number[] => shapes.get(name)?.sizes ?? [];
  const settled = (name: string): Axes => sizesOf(name).map(() => undefined);

  const axesOf = (name: string): Axes => {
    const known = axes.get(name);
    if (known !== undefined) return known;
    const constant = index.initializer.get(name);
    const isWeight = constant !== undefined && WEIGHTS.has(constant.type) && !index.input.has(name);
    const made = isWeight ? constant.dims.map((size) => (size === 1 ? undefined : labels.fresh(size))) : settled(name);
    axes.set(name, made);
    return made;
  };
  const record = (node: Node, slot: number, made: Axes): void => {
    const name = node.outputs[slot] ?? "";
    if (name === "") return;
    const sizes = sizesOf(name);
    const kept = sizes.map((size, i): Axis => {
      const axis = made[i];
      if (axis === undefined) return undefined;
      if (axis.length !== size) {
        const where = `${node.op} "${node.name}"`;
        throw new LatheError("internal", `${where}: axis ${i} of "${name}" has "${axis.length}" labels for ${size}.`);
      }
      if (size === 1) labels.keep(axis, `is the only one along an axis of ${describe(node)}`);
      return size === 1 || axis.every((label) => label === STAYS) ? undefined : axis;
    });
    axes.set(name, kept);
  };

  for (const node of graph.nodes) {
    const rule = opOf(node, model.opsets)?.channels ?? { unknown: "is not known to Lathe" };
    const isSized = [...node.inputs, ...node.outputs].every((name) => name === "" || shapes.has(name));
    if ("unknown" in rule || !isSized) {
      const reason = "unknown" in rule ? rule.unknown : "has a value of unknown shape";
      for (const name of node.inputs)
        if (name !== "") for (const axis of axesOf(name)) labels.keep(axis, `${describe(node)} ${reason}`);
      node.outputs.forEach((name) => axes.set(name, settled(name)));
      continue;
    }
    const call = couplerFor(node, { model, labels, axesOf, shapes, constants: index.initializer });
    rule.couple(call).forEach((made, slot) => record(node, slot, made));
  }
  for (const { name } of graph.outputs)
    for (const axis of axesOf(name)) labels.keep(axis, `"${name}" is an output of the model`);
  for (const name of [...axes.keys()]) {
    const captured = index.usesOf(name).find((use) => use.slot < 0);
    if (captured === undefined) continue;
    for (const axis of axesOf(name)) labels.keep(axis, `${describe(captured.node)} reads it inside a graph of its own`);
  }
  return { labels, axes };
}

/** The coupling rule of a node; undefined where its op has none. */
export function ruleOf(node: Node, opsets: Model["opsets"]): ChannelRule | undefined {
  const declared = opOf(node, opsets)?.channels ?? { unknown: "" };
  return "unknown" in declared ? undefined : declared;
}

export const describe = ({ op, name, outputs }: Node): string => `${op} "${name === "" ? (outputs[0] ?? "") : name}"`;

interface Surroundings {
  readonly model: Model;
  readonly labels: Labels;
  readonly axesOf: (name: string) => Axes;
  readonly shapes: ValueShapes;
  readonly constants: ReturnType<typeof indexGraph>["initializer"];
}

function couplerFor(node: Node, { model, labels, axesOf, shapes, constants }: Surroundings): Coupler {
  const why = `${describe(node)} meets it with an axis that stays`;
  const inputOf = (slot: number): string => node.inputs[slot] ?? "";
  const shapeOf = (name: string | undefined): ValueShape => shapes.get(name ?? "") ?? { dims: [], sizes: [] };
  return {
    node,
    opset: model.opsets[node.domain] ?? model.opsets["ai.onnx"] ?? 1,
    slots: { inputs: node.inputs.length, outputs: node.outputs.length },
    input: (slot) => (inputOf(slot) === "" ? [] : axesOf(inputOf(slot))),
    sizes: (slot) => shapeOf(node.inputs[slot]).sizes,
    outputSizes: (slot) => shapeOf(node.outputs[slot]).sizes,
    constant: (slot) => constantNumbers(constants.get(inputOf(slot))),
    same: (...given) => labels.same(given, why),
    merge: labels.merge,
    split: (axis, sizes) => labels.split(axis, sizes, why),
    fold: (axis, sizes, kept) => labels.fold(axis, { sizes, kept }, why),
    fresh: labels.fresh,
    keep: (axis, reason) => labels.keep(axis, `${describe(node)} ${reason}`),
    shift: (axis, reason) => labels.shift(axis, `${describe(node)} ${reason}`),
  };
}

/** The numbers of an integer or float constant in memory. */
export function constantNumbers(
  constant: Model["graph"]["initializers"][number] | undefined,
): readonly number[] | undefined {
  if (constant?.data.kind !== "bytes") return undefined;
  const { data } = tensorArray(constant);
  return Array.from(data as BigInt64Array, Number);
}
