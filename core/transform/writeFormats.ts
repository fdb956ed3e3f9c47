import { LatheError } from "../base/error.ts";
import type { Model, Node } from "../graph/model.ts";
import { indexGraph } from "../graph/uses.ts";
import { opOf } from "../ops/registry.ts";
import type { Affine } from "./affine.ts";
import type { Bits } from "./bits.ts";
import { floatConstant } from "./constants.ts";
import { formatOf, type Format, type FormatName } from "./formats.ts";
import { insertQdq, type LayerGrid } from "./insertQdq.ts";
import { placeQuantizers, type Placement } from "./placeQuantizers.ts";
import { storeWeights, type WeightStore } from "./weightOnly.ts";

/** Layer by node name → its format. A layer that is not named stays in float32. */
export type Assignment = ReadonlyMap<string, FormatName>;

/** A layer that can have another format than float32. */
export interface FormatLayer {
  readonly node: Node;
  /** Whether its weights are a constant, so that they can be stored in fewer bits. */
  readonly hasWeights: boolean;
  /** Whether the runtime has an integer kernel for it. */
  readonly hasKernel: boolean;
}

/** The layers of a prepared model that formats are chosen for, in the graph's order. */
export function layersOf(model: Model, isExcluded: (node: Node) => boolean): readonly FormatLayer[] {
  const index = indexGraph(model.graph);
  const { nodes } = placeQuantizers(model, { isExcluded, tail: false });
  return model.graph.nodes.flatMap((node): FormatLayer[] => {
    const declaration = opOf(node, model.opsets);
    const hasKernel = nodes.has(node) && declaration?.quantize.role === "multiply";
    const hasWeights = floatConstant(index, node.inputs[declaration?.linear?.weight ?? -1]) !== undefined;
    return isExcluded(node) || !(hasKernel || hasWeights) ? [] : [{ node, hasWeights, hasKernel }];
  });
}

/** Whether a layer can have a format: integers need a kernel, stored weights need weights. */
export function canHave({ hasWeights, hasKernel }: FormatLayer, { weights, activations }: Format): boolean {
  if (activations < 32) return hasKernel && (hasWeights || weights === 8);
  return weights === 32 || hasWeights;
}

/** Learned parts of the grids, where there are such. */
export interface LearnedGrids {
  /** Weight scales by node name. */
  readonly weights?: ReadonlyMap<string, Float32Array>;
}

/** How weights of eight bits are rounded. */
export interface EightBits {
  /** Their largest level: 127, or 64 for seven bits. */
  readonly steps: number;
  /** With scales that leave no sum that can saturate, on processors without VNNI either. */
  readonly isExact: boolean;
}

export interface FormatOptions {
  readonly assignment: Assignment;
  /** The grid of a value with so many bits; of what a value reads from, where it is only moved. */
  readonly gridOf: (value: string, bits: Bits) => Affine;
  readonly learned?: LearnedGrids;
  readonly eightBits: EightBits;
  /** Mean of each input channel by value; switches bias correction on. */
  readonly channelMeans?: ReadonlyMap<string, Float32Array>;
}

/**
 * Writes a model with a format for each layer. Regions of layers with integer activations get
 * QuantizeLinear/DequantizeLinear pairs as for eight bits; a value has as many levels as the widest of its readers asks
 * for, and narrower readers round it once more. Weights below eight bits are stored packed.
 * @param model prepared (`prepareModel`), opset 13 or newer
 * @throws unsupported below opset 13
 */
export function writeFormats(model: Model, options: FormatOptions): Model {
  const { assignment, gridOf, learned, eightBits, channelMeans } = options;
  const plan = planFormats(model, assignment);
  const float = new Map<string, WeightStore>();
  for (const [node, { weights, activations }] of plan.formats) {
    const scales = learned?.weights?.get(node);
    if (activations === 32 && weights !== 32) float.set(node, { bits: weights, ...(scales && { scales }) });
  }
  const stored = storeWeights(model, float, channelMeans);
  if (plan.placement.nodes.size === 0) return stored;
  // The placement names nodes of the graph that it was made for; weights stored above belong to others.
  const byName = new Map(stored.graph.nodes.map((n) => [n.name, n]));
  const placement: Placement = {
    ...plan.placement,
    nodes: new Set([...plan.placement.nodes].map((n) => byName.get(n.name) ?? n)),
  };
  const layers = new Map<string, LayerGrid>();
  for (const [node, { bits, input }] of plan.layers) {
    const scales = learned?.weights?.get(node);
    const affine = input && gridOf(input.root, input.bits);
    layers.set(node, { bits, ...(scales && { scales }), ...(affine && { input: affine }) });
  }
  return insertQdq(stored, {
    placement,
    activations: new Map([...plan.values].map(([root, bits]) => [root, gridOf(root, bits)] as const)),
    activationType: "uint8",
    perChannel: true,
    weights: { steps: eightBits.steps, range: "min-max" },
    isExact: eightBits.isExact,
    layers,
    ...(channelMeans && { channelMeans }),
  }).model;
}

/** What an assignment means for values and layers. */
export interface FormatPlan {
  readonly placement: Placement;
  readonly formats: ReadonlyMap<string, Format>;
  /** Value that owns a grid → its bits. */
  readonly values: ReadonlyMap<string, Bits>;
  /** Layers with integer activations: weight bits, and where the data has more bits than the layer, its own. */
  readonly layers: ReadonlyMap<
    string,
    { readonly bits: Bits; readonly input?: { readonly root: string; readonly bits: Bits } }
  >;
}

/** @throws unsupported below opset 13 */
export function planFormats(model: Model, assignment: Assignment): FormatPlan {
  if ((model.opsets[""] ?? 0) < 13) {
    throw new LatheError(
      "unsupported",
      `Formats per layer need opset 13, and the model has "${model.opsets[""] ?? 0}".`,
      {
        hint: "Export the model again with a newer opset.",
      },
    );
  }
  const formats = new Map([...assignment].map(([node, name]) => [node, formatOf(name)]));
  const activationBits = (node: Node): Format["activations"] => formats.get(node.name)?.activations ?? 32;
  const isMultiplication = (node: Node): boolean => opOf(node, model.opsets)?.quantize.role === "multiply";
  const placement = placeQuantizers(model, {
    isExcluded: (node) => isMultiplication(node) && activationBits(node) === 32,
    tail: false,
  });
  const index = indexGraph(model.graph);
  const values = new Map<string, Bits>();
  const atLeast = (root: string, bits: Bits): void =>
    void values.set(root, Math.max(values.get(root) ?? 2, bits) as Bits);
  for (const [value, root] of placement.values) {
    const uses = index.usesOf(value);
    if (uses.length === 0 || index.isOutput(value)) atLeast(root, 8);
    for (const { node } of uses) {
      const moves = placement.nodes.has(node) && opOf(node, model.opsets)?.quantize.role === "move";
      const bits = activationBits(node);
      if (!moves) atLeast(root, placement.nodes.has(node) && isMultiplication(node) && bits !== 32 ? bits : 8);
    }
  }
  for (const root of placement.values.values()) atLeast(root, 2);
  const layers: [string, FormatPlan["layers"] extends ReadonlyMap<string, infer L> ? L : never][] = [];
  for (const node of placement.nodes) {
    const format = formats.get(node.name);
    if (format === undefined || format.activations === 32 || !isMultiplication(node)) continue;
    const data = node.inputs[opOf(node, model.opsets)?.linear?.data ?? 0] ?? "";
    const root = placement.values.get(data) ?? data;
    const isNarrower = format.activations < (values.get(root) ?? 8);
    const bits = format.weights < 16 ? (format.weights as Bits) : 8;
    layers.push([node.name, { bits, ...(isNarrower && { input: { root, bits: format.activations } }) }]);
  }
  return { placement, formats, values, layers: new Map(layers) };
}
