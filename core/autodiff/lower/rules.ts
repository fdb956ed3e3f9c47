import { floatAttribute, floatOf, floatsAttribute, intOf, type PlainAttribute } from "../../graph/attributes.ts";
import type { Graph, Node } from "../../graph/model.ts";
import type { GradientRule, GraphWriter } from "../../ops/gradient.ts";
import { convGradient } from "../../ops/gradients/convolution.ts";
import { channelPads, picking } from "./shortcut.ts";
import { isSinglePixel } from "./single.ts";
import { clipBounds, convShape, gateOf, isImage, sameSizes, sizesFrom, type CpuTarget, type Dims } from "./shapes.ts";

/** Domain of the nodes that stand for whole gradients between `differentiate` and the lowering. No runtime knows them. */
export const MACRO = "lathe.lower";

/** How the gradient rules of a device differ from the declared ones: undefined leaves a node to its declaration. */
export type DeviceRules = (write: GraphWriter, node: Node, graph: Graph) => GradientRule | undefined;

/**
 * Gradient rules that keep convolutions, batch normalisations and activations whole, so that the lowering can choose how
 * to compute them. Everything that it could not lower is left to the declared rules.
 */
export function cpuRules(target: CpuTarget): DeviceRules {
  const { batch, block } = target;
  return (write, node, graph) => {
    if (node.domain !== "") return undefined;
    const dims = (slot: number): Dims => sizesFrom(write.facts(node.inputs[slot] ?? ""), batch);
    const x = dims(0);
    switch (node.op) {
      case "Conv":
        if (isSinglePixel(node, [x, dims(1)])) return singlePixelRule;
        if (batch % block !== 0 || convShape(node, [x, dims(1)], target) === undefined) return undefined;
        return convRule(x![1]! >= block);
      case "BatchNormalization":
        return intOf(node, "training_mode", 0) === 1 && isImage(x, block) ? normRule : undefined;
      case "Relu":
      case "Sigmoid":
        return isImage(x, block) ? ofOutput({}) : undefined;
      case "Clip": {
        const bounds = clipBounds(node, graph);
        return isImage(x, block) && bounds ? ofOutput({ bounds: floatsAttribute(bounds) }) : undefined;
      }
      case "HardSwish":
        return isImage(x, block) ? hardSwishRule : undefined;
      case "GlobalAveragePool":
        return isImage(x, block) ? ofInput("GlobalPoolGradient") : undefined;
      case "MaxPool": {
        const strides = picking(node, x, block);
        return strides === undefined ? undefined : ofInput("PickGradient", { strides });
      }
      case "Pad": {
        const channels = isImage(x, block) ? channelPads(node, graph, x) : undefined;
        return channels === undefined ? undefined : ofInput("ChannelPadGradient", { channels });
      }
      case "Mul": {
        const gate = gateOf([x, dims(1)], block);
        if (gate !== undefined) return gateRule(gate);
        return isImage(x, block) && sameSizes(x, dims(1)) ? productRule : undefined;
      }
      default:
        return undefined;
    }
  };
}

/** @param isBlocked whether the input fills blocks, which its gradient then does as well */
const convRule =
  (isBlocked: boolean): GradientRule =>
  (write, call) => {
    const {
      node,
      dy: [dy],
      needs,
    } = call;
    const [x = "", w = "", bias] = node.inputs;
    const make = (op: string, inputs: readonly string[], like: string): string => {
      const attributes = { ...node.attributes, like, x, w };
      return copyFacts(write, write.ops(op, inputs, { domain: MACRO, attributes })[0] ?? "", like);
    };
    if (dy === undefined) return [];
    const dx = (): string | undefined =>
      isBlocked
        ? make("ConvInputGradient", [dy, w], x)
        : convGradient(write, { ...call, needs: (slot) => slot === 0 })[0];
    return [
      needs(0) ? dx() : undefined,
      needs(1) ? make("ConvWeightGradient", [dy, x], w) : undefined,
      bias !== undefined && bias !== "" && needs(2) ? channelSum(write, dy, node.outputs[0] ?? "") : undefined,
    ];
  };

const singlePixelRule: GradientRule = (write, call) => {
  const {
    node,
    dy: [dy],
    needs,
  } = call;
  if (dy === undefined) return [];
  const [x = "", w = ""] = node.inputs;
  const make = (op: string, inputs: readonly string[], like: string): string =>
    copyFacts(write, write.ops(op, inputs, { domain: MACRO, attributes: { like } })[0] ?? "", like);
  return [
    needs(0) ? make("SingleInputGradient", [dy, w], x) : undefined,
    needs(1) ? make("SingleWeightGradient", [dy, x], w) : undefined,
    needs(2) ? convGradient(write, { ...call, needs: (slot) => slot === 2 })[2] : undefined,
  ];
};

const channelSum = (write: GraphWriter, dy: string, like: string): string =>
  write.ops("ChannelSum", [dy], { domain: MACRO, attributes: { like } })[0] ?? "";

const normRule: GradientRule = (write, { node, dy: [dy] }) => {
  if (dy === undefined) return [];
  const [x = "", scale = ""] = node.inputs;
  const attributes = { epsilon: floatAttribute(floatOf(node, "epsilon", 1e-5)) };
  const made = write.ops("NormGradient", [dy, x, scale], { domain: MACRO, attributes, outputs: 3 });
  return [copyFacts(write, made[0] ?? "", x), made[1], made[2]];
};

/** The gradient of a function that is told by its output. */
const ofOutput =
  (attributes: Readonly<Record<string, PlainAttribute>>): GradientRule =>
  (write, { node, dy: [dy] }) => {
    if (dy === undefined) return [];
    const y = node.outputs[0] ?? "";
    const [made = ""] = write.ops(`${node.op}Gradient`, [dy, y], { domain: MACRO, attributes });
    return [copyFacts(write, made, y)];
  };

const hardSwishRule: GradientRule = (write, { node, dy: [dy] }) => {
  if (dy === undefined) return [];
  const x = node.inputs[0] ?? "";
  return [copyFacts(write, write.ops("HardSwishGradient", [dy, x], { domain: MACRO })[0] ?? "", x)];
};

/** The gradient of a linear function of the first input: it needs that input's sizes only. */
const ofInput =
  (op: string, attributes: Readonly<Record<string, PlainAttribute>> = {}): GradientRule =>
  (write, { node, dy: [dy] }) => {
    if (dy === undefined) return [];
    const like = node.inputs[0] ?? "";
    const [made = ""] = write.ops(op, [dy], { domain: MACRO, attributes: { ...attributes, like } });
    return [copyFacts(write, made, like)];
  };

const gateRule =
  (gate: 0 | 1): GradientRule =>
  (write, { node, dy: [dy] }) => {
    if (dy === undefined) return [];
    const [data = "", factor = ""] = gate === 1 ? node.inputs : node.inputs.toReversed();
    const made = write.ops("GateGradient", [dy, data, factor], { domain: MACRO, outputs: 2 });
    const both = [copyFacts(write, made[0] ?? "", data), copyFacts(write, made[1] ?? "", factor)];
    return gate === 1 ? both : both.toReversed();
  };

const productRule: GradientRule = (write, { node, dy: [dy], needs }) => {
  if (dy === undefined) return [];
  const [a = "", b = ""] = node.inputs;
  const times = (other: string, like: string): string =>
    copyFacts(write, write.ops("Product", [dy, other], { domain: MACRO })[0] ?? "", like);
  return [needs(0) ? times(b, a) : undefined, needs(1) ? times(a, b) : undefined];
};

function copyFacts(write: GraphWriter, made: string, like: string): string {
  const facts = write.facts(like);
  return facts === undefined ? made : write.note(made, facts);
}
