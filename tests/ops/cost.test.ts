import { describe, expect, it } from "vitest";
import { node } from "../../core/graph/build.ts";
import type { PlainAttribute } from "../../core/graph/attributes.ts";
import { isDepthwise } from "../../core/ops/convolution.ts";
import { findOp, macsOf, opOf, OPS } from "../../core/ops/registry.ts";

interface Call {
  readonly op: string;
  readonly inputs: readonly (readonly number[] | undefined)[];
  readonly output: readonly number[];
  readonly attributes?: Readonly<Record<string, PlainAttribute>>;
  readonly domain?: string;
}

function macs({ op, inputs, output, attributes = {}, domain = "" }: Call): number {
  const made = node(op, [inputs.map((_, i) => `i${i}`), ["y"]], { attributes, domain });
  return macsOf({ node: made, inputs, outputs: [output] }, { "": 17, "com.microsoft": 1 });
}

describe("multiply–accumulates", () => {
  it.each<[string, Call, number]>([
    [
      "Conv 3×3",
      {
        op: "Conv",
        inputs: [
          [2, 3, 8, 8],
          [16, 3, 3, 3],
        ],
        output: [2, 16, 8, 8],
      },
      2 * 16 * 64 * 27,
    ],
    [
      "a grouped Conv",
      {
        op: "Conv",
        inputs: [
          [1, 8, 4, 4],
          [12, 2, 3, 3],
        ],
        output: [1, 12, 4, 4],
        attributes: { group: 4 },
      },
      12 * 16 * 2 * 9,
    ],
    [
      "a depthwise Conv",
      {
        op: "Conv",
        inputs: [
          [1, 8, 4, 4],
          [8, 1, 3, 3],
        ],
        output: [1, 8, 4, 4],
        attributes: { group: 8 },
      },
      8 * 16 * 9,
    ],
    [
      "a strided 1-D Conv",
      {
        op: "Conv",
        inputs: [
          [1, 4, 20],
          [6, 4, 5],
        ],
        output: [1, 6, 8],
      },
      6 * 8 * 20,
    ],
    [
      "a 3-D Conv",
      {
        op: "Conv",
        inputs: [
          [1, 2, 4, 4, 4],
          [3, 2, 2, 2, 2],
        ],
        output: [1, 3, 3, 3, 3],
      },
      81 * 16,
    ],
    [
      "ConvTranspose",
      {
        op: "ConvTranspose",
        inputs: [
          [1, 4, 5, 5],
          [4, 6, 2, 2],
        ],
        output: [1, 6, 10, 10],
      },
      4 * 25 * 6 * 4,
    ],
    [
      "a grouped ConvTranspose",
      {
        op: "ConvTranspose",
        inputs: [
          [1, 4, 5, 5],
          [4, 3, 2, 2],
        ],
        output: [1, 6, 10, 10],
        attributes: { group: 2 },
      },
      4 * 25 * 3 * 4,
    ],
    ["Gemm", { op: "Gemm", inputs: [[5, 7], [7, 3], [3]], output: [5, 3] }, 105],
    [
      "Gemm with B transposed",
      {
        op: "Gemm",
        inputs: [
          [5, 7],
          [3, 7],
        ],
        output: [5, 3],
        attributes: { transB: 1 },
      },
      105,
    ],
    [
      "Gemm with A transposed",
      {
        op: "Gemm",
        inputs: [
          [7, 5],
          [7, 3],
        ],
        output: [5, 3],
        attributes: { transA: 1 },
      },
      105,
    ],
    [
      "MatMul of stacks",
      {
        op: "MatMul",
        inputs: [
          [2, 4, 5, 6],
          [2, 4, 6, 3],
        ],
        output: [2, 4, 5, 3],
      },
      8 * 5 * 3 * 6,
    ],
    ["MatMul with a vector", { op: "MatMul", inputs: [[4, 6], [6]], output: [4] }, 24],
    [
      "LSTM in both directions",
      {
        op: "LSTM",
        inputs: [
          [10, 2, 8],
          [2, 20, 8],
          [2, 20, 5],
        ],
        output: [10, 2, 2, 5],
      },
      10 * 2 * (2 * 20 * 8 + 2 * 20 * 5),
    ],
    [
      "GRU",
      {
        op: "GRU",
        inputs: [
          [3, 1, 4],
          [1, 6, 4],
          [1, 6, 2],
        ],
        output: [3, 1, 1, 2],
      },
      3 * (24 + 12),
    ],
    [
      "Einsum",
      {
        op: "Einsum",
        inputs: [
          [2, 3, 4],
          [2, 4, 5],
        ],
        output: [2, 3, 5],
        attributes: { equation: "bij, bjk -> bik" },
      },
      2 * 3 * 4 * 5,
    ],
    ["Einsum of one input", { op: "Einsum", inputs: [[3, 4]], output: [4, 3], attributes: { equation: "ij->ji" } }, 0],
    [
      "QLinearConv",
      {
        op: "QLinearConv",
        inputs: [[1, 3, 8, 8], [], [], [4, 3, 3, 3], [4], [4], [], []],
        output: [1, 4, 6, 6],
      },
      4 * 36 * 27,
    ],
    ["QGemm", { op: "QGemm", domain: "com.microsoft", inputs: [[5, 7], [], [], [7, 3]], output: [5, 3] }, 105],
    [
      "Attention",
      {
        op: "Attention",
        domain: "com.microsoft",
        inputs: [
          [2, 6, 8],
          [8, 24],
        ],
        output: [2, 6, 8],
      },
      2 * 6 * 8 * 24 + 2 * 2 * 36 * 8,
    ],
    ["BatchNormalization", { op: "BatchNormalization", inputs: [[2, 3, 4]], output: [2, 3, 4] }, 24],
    ["Relu", { op: "Relu", inputs: [[2, 3]], output: [2, 3] }, 0],
    ["an unknown op", { op: "Mystery", domain: "example", inputs: [[2, 3]], output: [2, 3] }, 0],
  ])("of %s are as counted by hand", (_, call, expected) => {
    expect(macs(call)).toBe(expected);
  });
});

describe("the registry", () => {
  it("declares every op once per version", () => {
    const keys = OPS.map((d) => `${d.domain}:${d.op}:${d.since}`);
    expect(keys.filter((k, i) => keys.indexOf(k) !== i)).toEqual([]);
    expect(OPS.length).toBeGreaterThan(90);
  });

  it("gives a reason for every op that stays in float", () => {
    for (const { op, quantize } of OPS) if (quantize.role === "float") expect(quantize.reason, op).toMatch(/^[a-z]/);
  });

  it.each(["Conv", "Gemm", "Relu", "Add", "MaxPool", "Reshape", "BatchNormalization", "LSTM"])("knows %s", (op) => {
    expect(findOp("", op, 13)?.op).toBe(op);
  });

  it("keys by domain and version", () => {
    expect(findOp("", "Einsum", 11)).toBeUndefined();
    expect(findOp("", "Einsum", 12)?.since).toBe(12);
    expect(findOp("ai.onnx", "Conv", 1)?.op).toBe("Conv");
    expect(findOp("com.microsoft", "Conv", 1)).toBeUndefined();
    expect(findOp("com.microsoft", "Attention", 1)?.domain).toBe("com.microsoft");
  });

  it("takes the version that the model imports", () => {
    const einsum = node("Einsum", [["x"], ["y"]]);
    expect(opOf(einsum, { "": 11 })).toBeUndefined();
    expect(opOf(einsum, { "ai.onnx": 12 })?.op).toBe("Einsum");
  });

  it("tells depthwise convolutions from other grouped ones", () => {
    const grouped = node("Conv", [["x", "w"], ["y"]], { attributes: { group: 4 } });
    expect(isDepthwise(grouped, [4, 1, 3, 3])).toBe(true);
    expect(isDepthwise(grouped, [8, 1, 3, 3])).toBe(false);
    expect(isDepthwise(node("Conv", [["x", "w"], ["y"]]), [1, 1, 3, 3])).toBe(false);
  });
});
