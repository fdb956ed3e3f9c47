import { floatOf, intOf, intsOf, subgraphsOf } from "../graph/attributes.ts";
import { floatTensor, intTensor, node as makeNode } from "../graph/build.ts";
import { editGraph, type GraphEdit } from "../graph/edit.ts";
import type { Attribute, Model, Node } from "../graph/model.ts";
import { opOf } from "../ops/registry.ts";

export type UpgradeResult =
  | { readonly model: Model }
  /** Why it cannot be upgraded. */
  | { readonly reason: string };

const TARGET = 13;
/** Before it, broadcasting of arithmetic was asked for by attribute. */
const OLDEST = 7;

/**
 * Brings an older model to opset 13, the first with a per-channel DequantizeLinear: attributes that became
 * inputs are moved, forms that changed their meaning are refused (ONNX Changelog.md). Newer models stay as
 * they are.
 * @param model normalised, constants in memory
 */
export function upgradeOpset(model: Model): UpgradeResult {
  const version = model.opsets[""] ?? model.opsets["ai.onnx"] ?? 0;
  if (version >= TARGET) return { model };
  if (version < OLDEST)
    return { reason: `opset ${version} is too old; ${OLDEST} is the oldest that can be brought to ${TARGET}` };
  const refusals: string[] = [];
  const graph = editGraph(model.graph, (edit) => {
    for (const node of model.graph.nodes) {
      if (node.domain !== "" && node.domain !== "ai.onnx") continue;
      if (subgraphsOf(node).length > 0) {
        refusals.push(`${node.op} "${node.name}": the nodes in its subgraphs would have to be adapted too`);
        continue;
      }
      const adapt = ADAPTERS[node.op];
      if (adapt === undefined && opOf(node, model.opsets) === undefined && !UNCHANGED.has(node.op)) {
        refusals.push(`${node.op} "${node.name}" may have changed since opset ${version}`);
        continue;
      }
      const reason = adapt?.(edit, node, version);
      if (reason !== undefined) refusals.push(`${node.op} "${node.name}": ${reason}`);
    }
  });
  const [first] = refusals;
  if (first !== undefined) return { reason: first };
  const opsets = { ...model.opsets, "": TARGET };
  return { model: Object.freeze({ ...model, irVersion: Math.max(model.irVersion, 7), opsets, graph }) };
}

/** Ops without a declaration whose meaning is the same from opset 7 to 13. */
const UNCHANGED: ReadonlySet<string> = new Set([
  "Constant",
  "ConstantOfShape",
  "Shape",
  "Size",
  "Cast",
  "Equal",
  "Greater",
  "Less",
  "And",
  "Or",
  "Not",
  "Tan",
  "ArgMax",
  "ArgMin",
  "ReduceMean",
  "ReduceMax",
  "ReduceMin",
  "ReduceProd",
  "ReduceL1",
  "ReduceL2",
  "ReduceLogSumExp",
  "NonZero",
  "OneHot",
]);

type Adapter = (edit: GraphEdit, node: Node, from: number) => string | undefined;

/** Moves an attribute of whole numbers into an input slot. */
const intsToInput =
  (name: string, slot: number): Adapter =>
  (edit, node) => {
    const values = intsOf(node, name);
    if (values !== undefined) edit.replace(node, withInput(edit, node, { slot, name, values }));
    return undefined;
  };

const ADAPTERS: Readonly<Record<string, Adapter>> = {
  Squeeze: intsToInput("axes", 1),
  Unsqueeze: intsToInput("axes", 1),
  ReduceSum: intsToInput("axes", 1),
  Split: intsToInput("split", 1),
  Softmax: flattenAround,
  LogSoftmax: flattenAround,
  Hardmax: (_, node, from) => flattens(node, from),
  BatchNormalization: (edit, node, from) => {
    if (from < 9 && intOf(node, "spatial", 1) !== 1) return "statistics per element are gone since opset 9";
    edit.replace(node, without(node, "spatial"));
    return undefined;
  },
  Dropout: (edit, node) => {
    edit.replace(node, without(node, "ratio"));
    return undefined;
  },
  Clip: (edit, node, from) => {
    if (from >= 11) return undefined;
    const inputs = [node.inputs[0] ?? ""];
    for (const [slot, name] of [
      [1, "min"],
      [2, "max"],
    ] as const) {
      inputs[slot] = node.attributes[name] === undefined ? "" : constant(edit, node, [name, floatOf(node, name, 0)]);
    }
    edit.replace(node, Object.freeze({ ...without(without(node, "min"), "max"), inputs }));
    return undefined;
  },
  Pad: (edit, node, from) => {
    if (from >= 11) return undefined;
    const made = withInput(edit, node, { slot: 1, name: "pads", values: intsOf(node, "pads") ?? [] });
    const value = constant(edit, node, ["value", floatOf(node, "value", 0)]);
    edit.replace(node, Object.freeze({ ...without(made, "value"), inputs: [...made.inputs, value] }));
    return undefined;
  },
  Slice: (edit, node, from) => {
    if (from >= 10) return undefined;
    const starts = intsOf(node, "starts") ?? [];
    let made = withInput(edit, node, { slot: 1, name: "starts", values: starts });
    made = withInput(edit, made, { slot: 2, name: "ends", values: intsOf(node, "ends") ?? [] });
    made = withInput(edit, made, { slot: 3, name: "axes", values: intsOf(node, "axes") ?? starts.map((_, i) => i) });
    edit.replace(node, made);
    return undefined;
  },
  TopK: (edit, node, from) => {
    if (from < 10) edit.replace(node, withInput(edit, node, { slot: 1, name: "k", values: [intOf(node, "k", 1)] }));
    return undefined;
  },
  Upsample: () => "it was replaced by Resize in opset 10",
  Resize: (_, __, from) => (from < 11 ? "opset 11 changed how it samples" : undefined),
  Scan: () => "opset 9 changed its form",
};

/**
 * Before opset 13 all axes from `axis` on were one. Where the last one is meant that is the same as today; elsewhere a
 * matrix is made of the axes before and from there on, and its rows take part.
 */
function flattenAround(edit: GraphEdit, node: Node): undefined {
  const axis = intOf(node, "axis", 1);
  if (axis === -1) return undefined;
  const [x = ""] = node.inputs;
  const [shape, matrix, rows] = ["shape", "matrix", "rows"].map((part) => edit.fresh(`${node.name}.${part}`));
  const of = (op: string, [inputs, output]: readonly [readonly string[], string], axisOf?: number): Node =>
    makeNode(op, [inputs, [output]], axisOf === undefined ? {} : { attributes: { axis: axisOf } });
  const back = of("Reshape", [[rows!, shape!], node.outputs[0] ?? ""]);
  edit.replace(
    node,
    of("Shape", [[x], shape!]),
    of("Flatten", [[x], matrix!], axis),
    Object.freeze({ ...of(node.op, [[matrix!], rows!], -1), name: node.name }),
    Object.freeze({ ...back, name: edit.fresh(`${node.name}.back`) }),
  );
  return undefined;
}

/** The same for an op that no model in use puts on several axes. */
function flattens(node: Node, from: number): string | undefined {
  if (from >= TARGET || intOf(node, "axis", 1) === -1) return undefined;
  return "opset 13 changed what its axis means";
}

function withInput(
  edit: GraphEdit,
  node: Node,
  { slot, name, values }: { readonly slot: number; readonly name: string; readonly values: readonly number[] },
): Node {
  const made = edit.fresh(`${node.name}.${name}`);
  edit.setInitializer(intTensor(made, [values.length], values));
  const inputs = [...node.inputs];
  inputs[slot] = made;
  return Object.freeze({ ...without(node, name), inputs });
}

function constant(edit: GraphEdit, node: Node, [name, value]: readonly [string, number]): string {
  const made = edit.fresh(`${node.name}.${name}`);
  edit.setInitializer(floatTensor(made, [], [value]));
  return made;
}

function without(node: Node, name: string): Node {
  const attributes: Readonly<Record<string, Attribute>> = Object.fromEntries(
    Object.entries(node.attributes).filter(([key]) => key !== name),
  );
  return Object.freeze({ ...node, attributes });
}
