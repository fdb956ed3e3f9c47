import { intOf } from "../graph/attributes.ts";
import { einsumGradient } from "./gradients/einsum.ts";
import { fusedMatMulGradient, gemmGradient, matMulGradient } from "./gradients/linear.ts";
import { einsum, fusedMatrixProduct, gemm, matrixProduct } from "./channels/linear.ts";
import { defineOp, product, type CallShapes, type Cost } from "./declare.ts";

/** Output elements × length of the contracted axis, which is the last one of the first input. */
function matrixCost(data: number): Cost {
  return ({ inputs, outputs }) => product(outputs[0] ?? []) * (inputs[data]?.at(-1) ?? 1);
}

function gemmCost(call: CallShapes): number {
  const rows = call.inputs[0] ?? [];
  const depth = (intOf(call.node, "transA", 0) === 1 ? rows[0] : rows[1]) ?? 1;
  return product(call.outputs[0] ?? []) * depth;
}

/** Σ over all letters of the equation: the size of the whole index space. */
function einsumCost({ node, inputs }: CallShapes): number {
  const attribute = node.attributes["equation"];
  const equation = attribute?.kind === "string" ? new TextDecoder().decode(attribute.value) : "";
  const sizes = new Map<string, number>();
  const [left = ""] = equation.replaceAll(" ", "").split("->");
  left.split(",").forEach((term, i) => {
    if (term.includes(".")) return;
    for (let axis = 0; axis < term.length; axis++) sizes.set(term.charAt(axis), inputs[i]?.[axis] ?? 1);
  });
  return inputs.length > 1 ? product([...sizes.values()]) : 0;
}

const inIntegers = { unsupported: "it multiplies whole numbers; train the float model and quantise that" } as const;
const packed = { unknown: "computes with whole numbers" } as const;
const quantized = { role: "float", reason: "it is quantised already" } as const;

export const linearOps = [
  defineOp({
    domain: "",
    op: "Gemm",
    since: 1,
    gradient: gemmGradient,
    channels: gemm,
    quantize: { role: "multiply", floatOutput: true },
    cost: gemmCost,
    linear: {
      data: 0,
      weight: 1,
      bias: 2,
      outputAxis: (node) => (intOf(node, "transB", 0) === 1 ? 0 : 1),
      inputAxis: (node) => (intOf(node, "transB", 0) === 1 ? 1 : 0),
      dataAxis: () => 1,
    },
  }),
  defineOp({
    domain: "",
    op: "MatMul",
    since: 1,
    gradient: matMulGradient,
    channels: matrixProduct,
    quantize: { role: "multiply", floatOutput: true },
    cost: matrixCost(0),
    linear: {
      data: 0,
      weight: 1,
      outputAxis: (_, rank) => rank - 1,
      inputAxis: (_, dims) => (dims.length >= 2 ? dims.length - 2 : undefined),
      dataAxis: (rank) => rank - 1,
    },
  }),
  defineOp({
    domain: "",
    op: "Einsum",
    since: 12,
    gradient: einsumGradient,
    channels: einsum,
    quantize: { role: "float", reason: "onnxruntime has no eight-bit Einsum" },
    cost: einsumCost,
  }),
  defineOp({
    domain: "",
    op: "QLinearMatMul",
    since: 10,
    gradient: inIntegers,
    channels: packed,
    quantize: quantized,
    cost: matrixCost(0),
  }),
  defineOp({
    domain: "",
    op: "MatMulInteger",
    since: 10,
    gradient: inIntegers,
    channels: packed,
    quantize: quantized,
    cost: matrixCost(0),
  }),
  defineOp({
    domain: "com.microsoft",
    op: "QGemm",
    since: 1,
    gradient: inIntegers,
    channels: packed,
    quantize: quantized,
    cost: gemmCost,
  }),
  defineOp({
    domain: "com.microsoft",
    op: "MatMulIntegerToFloat",
    since: 1,
    gradient: inIntegers,
    channels: packed,
    quantize: quantized,
    cost: matrixCost(0),
  }),
  defineOp({
    domain: "com.microsoft",
    op: "DynamicQuantizeMatMul",
    since: 1,
    gradient: inIntegers,
    channels: packed,
    quantize: quantized,
    cost: matrixCost(0),
  }),
  defineOp({
    domain: "com.microsoft",
    op: "MatMulNBits",
    since: 1,
    gradient: inIntegers,
    channels: packed,
    quantize: quantized,
    cost: matrixCost(0),
  }),
  defineOp({
    domain: "com.microsoft",
    op: "FusedMatMul",
    since: 1,
    gradient: fusedMatMulGradient,
    channels: fusedMatrixProduct,
    quantize: { role: "float", reason: "onnxruntime quantises only the standard MatMul" },
    cost: matrixCost(0),
  }),
];
