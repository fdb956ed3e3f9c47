import type { Model, Node } from "../graph/model.ts";
import { indexGraph, type GraphIndex } from "../graph/uses.ts";
import type { LinearMap, OpDeclaration } from "../ops/declare.ts";
import { floatOf } from "../graph/attributes.ts";
import { opOf } from "../ops/registry.ts";
import { floatConstant } from "./constants.ts";

export interface PlacementOptions {
  /** Nodes that have to stay in float. */
  readonly isExcluded: (node: Node) => boolean;
  /** Also quantise what follows the last multiplication: heads, score scaling, concatenated boxes. */
  readonly tail: boolean;
}

/** Which nodes compute in eight bits and which values get a quantiser. */
export interface Placement {
  readonly nodes: ReadonlySet<Node>;
  /** Quantised activation → the value whose scale it uses (itself, or the source of a move). */
  readonly values: ReadonlyMap<string, string>;
  /** Why each node that could have mattered stays in float, by node name. */
  readonly kept: ReadonlyMap<string, string>;
}

/**
 * Decides where the quantise/dequantise pairs stand so that the runtime finds whole integer regions:
 * after an absorbed ReLU instead of before it, around residual additions, never behind the last
 * multiplication, and with one shared scale where values are only moved.
 * @param model normalised, constants in memory
 */
export function placeQuantizers(model: Model, options: PlacementOptions): Placement {
  const { graph, opsets } = model;
  const index = indexGraph(graph);
  const declarations = new Map(graph.nodes.map((n) => [n, opOf(n, opsets)]));
  const early = beforeMultiplication(model, declarations, { index, options });
  const state: State = { index, nodes: new Set(), values: new Map(), kept: new Map() };
  for (const node of graph.nodes) {
    const declaration = declarations.get(node);
    if (declaration === undefined || declaration.quantize.role === "none") continue;
    const reason =
      refusal(node, declaration, { index, options }) ??
      (early.has(node) || options.tail ? undefined : tailReason(declaration));
    if (reason === undefined) PLACERS[declaration.quantize.role](node, declaration, state);
    else if (declaration.quantize.role !== "move" && declaration.quantize.role !== "clamp")
      state.kept.set(node.name, reason);
    if (declaration.quantize.role === "multiply" && reason === undefined) {
      const isLast = !early.has(node);
      if (isLast && floatOutputAllowed(declaration) && !options.tail) state.values.delete(node.outputs[0] ?? "");
    }
  }
  return { nodes: state.nodes, values: state.values, kept: state.kept };
}

interface State {
  readonly index: GraphIndex;
  readonly nodes: Set<Node>;
  readonly values: Map<string, string>;
  readonly kept: Map<string, string>;
}

type Placer = (node: Node, declaration: OpDeclaration, state: State) => void;

const PLACERS: Readonly<Record<OpDeclaration["quantize"]["role"], Placer>> = {
  multiply: (node, { linear }, { index, nodes, values }) => {
    nodes.add(node);
    for (const slot of activationSlots(node, linear, index)) {
      const input = node.inputs[slot] ?? "";
      if (!values.has(input)) values.set(input, input);
    }
    own(values, node);
  },
  join: (node, _, { index, nodes, values }) => {
    const data = node.inputs.filter((i) => floatConstant(index, i) === undefined);
    if (data.length === 0 || !data.every((i) => values.has(i))) return;
    nodes.add(node);
    own(values, node);
  },
  transform: (node, _, { nodes, values }) => {
    if (!values.has(node.inputs[0] ?? "")) return;
    nodes.add(node);
    own(values, node);
  },
  move: (node, _, { nodes, values }) => {
    const root = values.get(node.inputs[0] ?? "");
    if (root === undefined || node.outputs.filter((o) => o !== "").length !== 1) return;
    nodes.add(node);
    values.set(node.outputs[0] ?? "", root);
  },
  clamp: (node, _, { index, nodes, values }) => {
    const input = node.inputs[0] ?? "";
    const before = index.producer.get(input);
    const isAbsorbed =
      before !== undefined &&
      nodes.has(before) &&
      values.get(input) === input &&
      index.usesOf(input).length === 1 &&
      !index.isOutput(input);
    if (!isAbsorbed) return;
    values.delete(input);
    own(values, node);
  },
  float: (node, { quantize }, { kept }) => {
    if (quantize.role === "float") kept.set(node.name, quantize.reason);
  },
  none: () => undefined,
};

function own(values: Map<string, string>, node: Node): void {
  const output = node.outputs[0] ?? "";
  values.set(output, output);
}

/** The slots that carry activations of a multiplication: the data, and the weight's where that is computed. */
function activationSlots(node: Node, linear: LinearMap | undefined, index: GraphIndex): readonly number[] {
  if (linear === undefined) return [];
  return floatConstant(index, node.inputs[linear.weight]) === undefined ? [linear.data, linear.weight] : [linear.data];
}

interface Surroundings {
  readonly index: GraphIndex;
  readonly options: PlacementOptions;
}

/** Why this node cannot be quantised, whatever its neighbours are. */
function refusal(
  node: Node,
  { quantize, linear }: OpDeclaration,
  { index, options }: Surroundings,
): string | undefined {
  if (quantize.role === "float") return quantize.reason;
  if (options.isExcluded(node)) return "it is excluded";
  if (quantize.role !== "multiply" || linear === undefined) return undefined;
  const weightName = node.inputs[linear.weight] ?? "";
  const weight = floatConstant(index, weightName);
  if (weight === undefined && (node.op !== "MatMul" || index.initializer.has(weightName))) {
    return "its weights are computed or not float32";
  }
  const biasName = linear.bias === undefined ? "" : (node.inputs[linear.bias] ?? "");
  if (weight === undefined || biasName === "") return undefined;
  const bias = floatConstant(index, biasName);
  if (bias === undefined) return "its bias is computed or not float32";
  if (floatOf(node, "beta", 1) !== 1) return "its bias is scaled by beta";
  const channels = weight.dims[linear.outputAxis(node, weight.dims.length)];
  const isPerChannel = bias.data.length === 1 || (bias.data.length === channels && bias.dims.at(-1) === channels);
  return isPerChannel ? undefined : "its bias is not one number per output channel";
}

/** A clamp needs no reason: where the layer before it has a quantiser, taking it in costs nothing. */
const tailReason = ({ quantize }: OpDeclaration): string | undefined =>
  quantize.role === "multiply" || quantize.role === "clamp"
    ? undefined
    : "it follows the last multiplication, where eight bits cost accuracy and save no time";

const floatOutputAllowed = ({ quantize }: OpDeclaration): boolean =>
  quantize.role === "multiply" && quantize.floatOutput;

/** Nodes from which a multiplication that will be quantised can still be reached. */
function beforeMultiplication(
  model: Model,
  declarations: ReadonlyMap<Node, OpDeclaration | undefined>,
  around: Surroundings,
): ReadonlySet<Node> {
  const early = new Set<Node>();
  const leadsOn = (next: Node): boolean => {
    const declaration = declarations.get(next);
    const multiplies = declaration?.quantize.role === "multiply" && refusal(next, declaration, around) === undefined;
    return early.has(next) || multiplies;
  };
  for (const node of model.graph.nodes.toReversed()) {
    if (node.outputs.some((output) => around.index.usesOf(output).some((use) => leadsOn(use.node)))) early.add(node);
  }
  return early;
}
