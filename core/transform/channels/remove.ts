import { byteLength } from "../../base/elementType.ts";
import { elementCount } from "../../base/array.ts";
import { LatheError } from "../../base/error.ts";
import { toAttribute } from "../../graph/attributes.ts";
import { intTensor, node as makeNode, tensor } from "../../graph/build.ts";
import { editGraph } from "../../graph/edit.ts";
import type { Model, Node, Tensor } from "../../graph/model.ts";
import { indexGraph } from "../../graph/uses.ts";
import type { Axis, Cut, Rewrite } from "../../ops/channels.ts";
import { axisLayout } from "../constants.ts";
import { constantNumbers, ruleOf, type ValueShapes } from "./couple.ts";
import type { ChannelGroups } from "./groups.ts";

/** Units to remove: positions in `ChannelGroup.units` by the group's name. */
export type ChannelChoice = ReadonlyMap<string, readonly number[]>;

/** What is left of an axis of a value: one boolean per index, undefined where all is. */
export type Left = (value: string, axis: number) => readonly boolean[] | undefined;

/**
 * What a choice leaves of each axis.
 * @throws invalid-argument for units that are not there or have to stay, and where an axis would be left empty
 */
export function leftBy(found: ChannelGroups, choice: ChannelChoice): Left {
  const gone = new Set<number>();
  const byName = new Map(found.groups.map((g) => [g.name, g]));
  for (const [name, positions] of choice) {
    const group = byName.get(name);
    if (group === undefined) throw new LatheError("invalid-argument", `There is no group "${name}".`);
    if (group.keptBecause !== undefined && positions.length > 0) {
      throw new LatheError("invalid-argument", `Nothing of "${name}" can be removed: ${group.keptBecause}.`);
    }
    for (const position of positions) {
      const unit = group.units[position];
      if (unit === undefined) {
        throw new LatheError("invalid-argument", `"${name}" has ${group.units.length} units, none is "${position}".`);
      }
      gone.add(unit);
    }
  }
  const known = new Map<Axis, readonly boolean[] | undefined>();
  return (value, axis) => {
    const own = found.axes.get(value)?.[axis];
    if (own === undefined || gone.size === 0) return undefined;
    if (known.has(own)) return known.get(own);
    const left = own.map((label) => !found.labels.unitsOf(label).some((unit) => gone.has(unit)));
    if (!left.includes(true)) {
      throw new LatheError("invalid-argument", `The choice leaves nothing of axis ${axis} of "${value}".`, {
        hint: "Keep at least one unit of each group.",
      });
    }
    const result = left.includes(false) ? left : undefined;
    known.set(own, result);
    return result;
  };
}

/**
 * The model without the chosen units: a smaller plain model. Weights lose their indexes; attributes and constants that
 * count channels are written anew. The batch stays as open as it was.
 * @param model the one that `found` was made from
 * @throws invalid-argument as `leftBy`; unsupported where a constant is not in memory
 */
export function removeChannels(
  model: Model,
  found: ChannelGroups,
  { choice, shapes }: { readonly choice: ChannelChoice; readonly shapes: ValueShapes },
): Model {
  const left = leftBy(found, choice);
  const index = indexGraph(model.graph);
  const graph = editGraph(model.graph, (edit) => {
    for (const constant of model.graph.initializers) {
      const small = withoutIndexes(constant, left);
      if (small !== constant) edit.setInitializer(small);
    }
    for (const node of model.graph.nodes) {
      const rule = ruleOf(node, model.opsets);
      if (rule?.rewrite === undefined) continue;
      const isCut = (name: string): boolean => found.axes.get(name)?.some((_, axis) => left(name, axis)) ?? false;
      if (!node.inputs.some(isCut) && !node.outputs.some(isCut)) continue;
      const {
        attributes = {},
        constants = {},
        limits = {},
      } = rule.rewrite(cutOf(node, { model, left, shapes, index }));
      const inputs = [...node.inputs];
      for (const [slot, numbers] of Object.entries(constants)) {
        const old = index.initializer.get(inputs[Number(slot)] ?? "");
        const name = edit.fresh(`${inputs[Number(slot)] || `${node.name}.${slot}`}.cut`);
        while (inputs.length < Number(slot)) inputs.push("");
        inputs[Number(slot)] = name;
        edit.setInitializer(intVectorLike(name, numbers, old));
      }
      for (const [slot, most] of Object.entries(limits)) {
        const shape = inputs[Number(slot)] ?? "";
        const [limit, limited] = [edit.fresh(`${shape}.limit`), edit.fresh(`${shape}.limited`)];
        edit.setInitializer(tensor(limit, { type: "int64", dims: [most.length], data: limitData(most) }));
        edit.add(makeNode("Min", [[shape, limit], [limited]]));
        inputs[Number(slot)] = limited;
      }
      edit.replace(node, withAttributes({ ...node, inputs }, attributes));
    }
  });
  // Recorded types of inner values would be those of before.
  return Object.freeze({ ...model, graph: Object.freeze({ ...graph, values: [] }) });
}

/** No limit is the largest number. */
function limitData(most: readonly (number | null)[]): BigInt64Array {
  return BigInt64Array.from(most, (m) => (m === null ? 2n ** 63n - 1n : BigInt(m)));
}

function intVectorLike(name: string, numbers: readonly number[], old: Tensor | undefined): Tensor {
  if (old?.type !== "int32") return intTensor(name, [numbers.length], numbers);
  const bytes = new Uint8Array(Int32Array.from(numbers).buffer);
  return { name, type: "int32", dims: [numbers.length], data: { kind: "bytes", bytes } };
}

function withAttributes(node: Node, changes: NonNullable<Rewrite["attributes"]>): Node {
  const kept = Object.entries(node.attributes).filter(([name]) => changes[name] === undefined);
  const written = Object.entries(changes).flatMap(([name, value]) =>
    value === null ? [] : [[name, toAttribute(value)] as const],
  );
  return Object.freeze({ ...node, attributes: Object.fromEntries([...kept, ...written]) });
}

interface Surroundings {
  readonly model: Model;
  readonly left: Left;
  readonly shapes: ValueShapes;
  readonly index: ReturnType<typeof indexGraph>;
}

function cutOf(node: Node, { model, left, shapes, index }: Surroundings): Cut {
  const shapeOf = (
    name: string | undefined,
  ): { readonly dims: readonly (number | string)[]; readonly sizes: readonly number[] } =>
    shapes.get(name ?? "") ?? { dims: [], sizes: [] };
  return {
    node,
    opset: model.opsets[node.domain] ?? model.opsets["ai.onnx"] ?? 1,
    input: (slot, axis) => left(node.inputs[slot] ?? "", axis),
    output: (slot, axis) => left(node.outputs[slot] ?? "", axis),
    sizes: (slot) => shapeOf(node.inputs[slot]).sizes,
    outputSizes: (slot) => shapeOf(node.outputs[slot]).sizes,
    outputDims: (slot) => dimsLeft(node.outputs[slot] ?? "", shapeOf(node.outputs[slot]).dims, left),
    constant: (slot) => constantNumbers(index.initializer.get(node.inputs[slot] ?? "")),
  };
}

/** Sizes of a value after the removal. */
export function dimsLeft<D extends number | string>(
  value: string,
  dims: readonly D[],
  left: Left,
): readonly (D | number)[] {
  return dims.map((d, axis) => left(value, axis)?.filter(Boolean).length ?? d);
}

function withoutIndexes(constant: Tensor, left: Left): Tensor {
  let current = constant;
  for (const axis of constant.dims.keys()) {
    const kept = left(constant.name, axis);
    if (kept !== undefined) current = takeIndexes(current, axis, kept);
  }
  return current;
}

/** The elements at the indexes of an axis that are kept. */
function takeIndexes(constant: Tensor, axis: number, kept: readonly boolean[]): Tensor {
  if (constant.data.kind !== "bytes") {
    throw new LatheError("unsupported", `"${constant.name}" is not in memory.`, { hint: "Read external data first." });
  }
  const { bytes } = constant.data;
  const { outer, size, inner } = axisLayout(constant.dims, axis);
  const width = byteLength(constant.type, 1) * inner;
  const dims = constant.dims.with(axis, kept.filter(Boolean).length);
  const out = new Uint8Array(byteLength(constant.type, elementCount(dims)));
  let to = 0;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < size; i++) {
      if (kept[i] !== true) continue;
      const from = (o * size + i) * width;
      out.set(bytes.subarray(from, from + width), to);
      to += width;
    }
  }
  return Object.freeze({ ...constant, dims, data: { kind: "bytes" as const, bytes: out } });
}
