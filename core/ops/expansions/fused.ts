import { floatAttribute, floatOf, stringOf } from "../../graph/attributes.ts";
import type { Attribute, Node } from "../../graph/model.ts";
import { factsOf, scalar } from "../constants.ts";
import type { Expansion, GraphWriter } from "../gradient.ts";
import { noGradientFor } from "../gradients/refuse.ts";

/** Conv, the addend, and the activation that onnxruntime's optimiser made one op (ContribOperators.md, FusedConv). */
export const expandFusedConv: Expansion = (write, node) => {
  const [x = "", w = "", bias = "", addend = ""] = node.inputs;
  const given = node.attributes["activation_params"];
  const conv = like(write, node, write.op("Conv", bias === "" ? [x, w] : [x, w, bias], without(node, "activation")));
  const sum = addend === "" ? conv : like(write, node, write.op("Add", [conv, addend]));
  return [activate(write, node, { x: sum, params: given?.kind === "floats" ? given.value : [] })];
};

/** Gemm and its activation (ContribOperators.md, FusedGemm). */
export const expandFusedGemm: Expansion = (write, node) => {
  const gemm = like(write, node, write.op("Gemm", node.inputs, without(node, "activation")));
  const params = ["alpha", "beta"].flatMap((name) =>
    node.attributes[`activation_${name}`] === undefined ? [] : [floatOf(node, `activation_${name}`, 0)],
  );
  return [activate(write, node, { x: gemm, params })];
};

/** Every value on the way looks like the output. */
const like = (write: GraphWriter, node: Node, value: string): string =>
  write.note(value, factsOf(write, node.outputs[0] ?? ""));

function without(node: Node, prefix: string): Readonly<Record<string, Attribute>> {
  return Object.fromEntries(Object.entries(node.attributes).filter(([name]) => !name.startsWith(prefix)));
}

function activate(
  write: GraphWriter,
  node: Node,
  { x, params }: { readonly x: string; readonly params: readonly number[] },
): string {
  const activation = stringOf(node, "activation", "");
  const [alpha, beta] = params;
  switch (activation) {
    case "":
      return x;
    case "Relu":
    case "Sigmoid":
    case "Tanh":
      return like(write, node, write.op(activation, [x]));
    case "Clip":
      return like(write, node, write.op("Clip", [x, ...params.map((bound) => scalar(write, bound, x))]));
    case "LeakyRelu":
    case "HardSigmoid": {
      const given = {
        ...(alpha !== undefined && { alpha: floatAttribute(alpha) }),
        ...(beta !== undefined && activation === "HardSigmoid" && { beta: floatAttribute(beta) }),
      };
      return like(write, node, write.op(activation, [x], given));
    }
    default:
      throw noGradientFor(node, `activation "${activation}"`);
  }
}
