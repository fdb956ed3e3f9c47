import type { Node } from "../../graph/model.ts";
import { floatAttribute, floatOf, intOf, intsOf, stringOf } from "../../graph/attributes.ts";
import type { GradientRule, GraphWriter, ValueFacts } from "../../ops/gradient.ts";
import { convGradient } from "../../ops/gradients/convolution.ts";

/** Domain of the nodes that stand for whole gradients between `differentiate` and the lowering. No runtime knows them. */
export const MACRO = "lathe.lower";

/** What the lowering is made for. */
export interface CpuTarget {
  /** Samples in a call. */
  readonly batch: number;
  /** Channels in a block of the runtime's blocked layout: 16 with AVX-512, else 8. */
  readonly block: number;
}

/** A two-dimensional convolution with everything known. */
export interface ConvShape {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  /** Top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number];
  readonly groups: number;
}

/**
 * A convolution that the blocked kernels can do, forward and backward; undefined for any other.
 * @param dims of the input [N, C, H, W] and the weight [O, C/groups, kh, kw]
 */
export function convShape(node: Node, dims: readonly [x: Dims, w: Dims], { block }: CpuTarget): ConvShape | undefined {
  const [x, w] = dims;
  if (x?.length !== 4 || w?.length !== 4) return undefined;
  const pair = (name: string): readonly number[] => intsOf(node, name) ?? [1, 1];
  const mode = stringOf(node, "auto_pad", "NOTSET");
  const [kh, kw] = [w[2]!, w[3]!];
  const groups = intOf(node, "group", 1);
  const [c, o] = [x[1]!, w[0]!];
  const isDepthwise = groups > 1 && groups === c && c === o && c % block === 0;
  const isDense = groups === 1 && o % block === 0 && (c % block === 0 || c < block);
  const isNear = pair("dilations").every((d) => d === 1);
  if (mode !== "NOTSET" || !isNear || !(isDepthwise || isDense)) return undefined;
  const [sh = 1, sw = 1] = pair("strides");
  const [top = 0, left = 0, bottom = 0, right = 0] = intsOf(node, "pads") ?? [];
  const isNarrow = Math.max(top, bottom) < kh && Math.max(left, right) < kw;
  const [height, width] = [outputSize(x[2]!, [kh, sh, top + bottom]), outputSize(x[3]!, [kw, sw, left + right])];
  // The way back from strides takes whole steps.
  const isEven = (sh === 1 || height * sh === x[2]!) && (sw === 1 || width * sw === x[3]!);
  if (!isNarrow || !isEven) return undefined;
  return { kernel: [kh, kw], strides: [sh, sw], pads: [top, left, bottom, right], groups };
}

/** Windows along one axis. */
export const outputSize = (size: number, [kernel, stride, pads]: readonly [number, number, number]): number =>
  Math.floor((size + pads - kernel) / stride) + 1;

export type Dims = readonly number[] | undefined;

/** Sizes as numbers, with the batch put in; undefined where some are not known. */
export function sizesFrom(facts: ValueFacts | undefined, batch: number): Dims {
  if (facts?.type !== "float32") return undefined;
  const sizes = facts.dims.map((d) => {
    if (typeof d === "number") return d;
    if (d === "batch") return batch;
    return d.endsWith("*batch") ? Number(d.slice(0, -"*batch".length)) * batch : NaN;
  });
  return sizes.every((s) => s > 0) ? sizes : undefined;
}

/** How the gradient rules of a device differ from the declared ones: undefined leaves a node to its declaration. */
export type DeviceRules = (write: GraphWriter, node: Node) => GradientRule | undefined;

/**
 * Gradient rules that keep convolutions, batch normalisations and activations whole, so that the lowering can choose how
 * to compute them. Everything that it could not lower is left to the declared rules.
 */
export function cpuRules(target: CpuTarget): DeviceRules {
  const { batch, block } = target;
  return (write, node) => {
    if (node.domain !== "") return undefined;
    const dims = (slot: number): Dims => sizesFrom(write.facts(node.inputs[slot] ?? ""), batch);
    const x = dims(0);
    switch (node.op) {
      case "Conv":
        return convShape(node, [x, dims(1)], target) !== undefined && batch % block === 0
          ? convRule(x![1]! >= block)
          : undefined;
      case "BatchNormalization":
        return intOf(node, "training_mode", 0) === 1 && x?.length === 4 && x[1]! % block === 0 ? normRule : undefined;
      case "Relu":
        return x?.length === 4 && x[1]! % block === 0 ? activationRule : undefined;
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
      const [made = ""] = write.ops(op, inputs, { domain: MACRO, attributes });
      return copyFacts(write, made, like);
    };
    if (dy === undefined) return [];
    return [
      !needs(0)
        ? undefined
        : isBlocked
          ? make("ConvInputGradient", [dy, w], x)
          : convGradient(write, { ...call, needs: (slot) => slot === 0 })[0],
      needs(1) ? make("ConvWeightGradient", [dy, x], w) : undefined,
      bias !== undefined && bias !== "" && needs(2) ? make("ChannelSum", [dy], node.outputs[0] ?? "") : undefined,
    ];
  };

const normRule: GradientRule = (write, { node, dy: [dy] }) => {
  if (dy === undefined) return [];
  const [x = "", scale = ""] = node.inputs;
  const attributes = { epsilon: floatAttribute(floatOf(node, "epsilon", 1e-5)), like: x };
  const made = write.ops("NormGradient", [dy, x, scale], { domain: MACRO, attributes, outputs: 3 });
  return [copyFacts(write, made[0] ?? "", x), made[1], made[2]];
};

const activationRule: GradientRule = (write, { node, dy: [dy] }) => {
  if (dy === undefined) return [];
  const y = node.outputs[0] ?? "";
  const [made = ""] = write.ops(`${node.op}Gradient`, [dy, y], { domain: MACRO, attributes: { like: y } });
  return [copyFacts(write, made, y)];
};

function copyFacts(write: GraphWriter, made: string, like: string): string {
  const facts = write.facts(like);
  return facts === undefined ? made : write.note(made, facts);
}
