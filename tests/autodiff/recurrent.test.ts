import { describe, expect, it } from "vitest";
import { checkGradient, type GradientCheck } from "./check.ts";

const TIME = 3;
const BATCH = 2;
const INPUT = 4;
const HIDDEN = 5;

interface Layer {
  readonly op: "LSTM" | "GRU" | "RNN";
  readonly directions?: 1 | 2;
  readonly attributes?: GradientCheck["attributes"];
  readonly bias?: boolean;
  readonly state?: boolean;
  readonly peephole?: boolean;
  readonly lossOn?: readonly number[];
  readonly opset?: number;
  readonly openBatch?: boolean;
}

/** A recurrent layer's operands in small numbers, since float32 differences are all that its kernel allows. */
function layer({
  op,
  directions = 1,
  attributes,
  bias,
  state,
  peephole,
  lossOn,
  opset,
  openBatch,
}: Layer): GradientCheck {
  const gates = { LSTM: 4, GRU: 3, RNN: 1 }[op];
  const range = { low: -1, high: 1 };
  const initial = { shape: [directions, BATCH, HIDDEN], ...range };
  const optional = [
    bias === true ? { shape: [directions, 2 * gates * HIDDEN], ...range } : undefined,
    undefined,
    state === true ? initial : undefined,
    ...(op === "LSTM" ? [state === true ? initial : undefined] : []),
    ...(peephole === true ? [{ shape: [directions, 3 * HIDDEN], ...range }] : []),
  ];
  while (optional.length > 0 && optional.at(-1) === undefined) optional.pop();
  return {
    op,
    inputs: [
      { shape: [TIME, BATCH, INPUT], ...range },
      { shape: [directions, gates * HIDDEN, INPUT], ...range },
      { shape: [directions, gates * HIDDEN, HIDDEN], ...range },
      ...optional,
    ],
    attributes: { hidden_size: HIDDEN, ...attributes },
    outputs: op === "LSTM" ? 3 : 2,
    lossOn: lossOn ?? [0, 1],
    ...(opset !== undefined && { opset }),
    ...(openBatch === true && { symbols: { 0: { 1: "batch" } } }),
    tolerance: 1e-2,
  };
}

const OPS = ["LSTM", "GRU", "RNN"] as const;

describe.each(OPS)("gradients of %s", (op) => {
  it("reach the input and all weights", async () => {
    await checkGradient(layer({ op }));
    await checkGradient(layer({ op, bias: true, lossOn: [1] }));
  });
  it("reach initial states", async () => {
    await checkGradient(layer({ op, bias: true, state: true, lossOn: [0] }));
  });
  it("run backwards and both ways", async () => {
    await checkGradient(layer({ op, attributes: { direction: "reverse" }, bias: true, state: true }));
    await checkGradient(
      layer({ op, attributes: { direction: "bidirectional" }, directions: 2, bias: true, state: true }),
    );
  });
  it("leave the batch open, at the newest operator set too", async () => {
    await checkGradient(layer({ op, bias: true, openBatch: true }));
    await checkGradient(layer({ op, bias: true, opset: 22 }));
  });
  it("end and, backwards, begin where each sample does", async () => {
    const lengths = { type: "int32" as const, dims: [BATCH], data: Int32Array.of(TIME, TIME - 2) };
    for (const [direction, directions] of [
      ["forward", 1],
      ["reverse", 1],
      ["bidirectional", 2],
    ] as const) {
      for (const state of [false, true]) {
        const base = layer({ op, attributes: { direction }, directions, bias: true, state });
        await checkGradient({ ...base, inputs: base.inputs.toSpliced(4, 1, lengths) });
      }
    }
  });
  it("refuse clipping and open lengths with the reason", async () => {
    const base = layer({ op });
    await expect(checkGradient(layer({ op, attributes: { clip: 0.5 } }))).rejects.toThrow(
      `${op} "y0": no gradient for clipped gates.`,
    );
    await expect(checkGradient({ ...base, symbols: { 0: { 0: "time" } } })).rejects.toThrow(
      `${op} "y0": no gradient for an input of shape "[time,2,4]", whose length is open.`,
    );
  });
});

describe("gradients of LSTM", () => {
  it("reach the cell state, peepholes and coupled gates", async () => {
    await checkGradient(layer({ op: "LSTM", bias: true, state: true, lossOn: [0, 2] }));
    await checkGradient(layer({ op: "LSTM", bias: true, state: true, peephole: true }));
    await checkGradient(layer({ op: "LSTM", attributes: { input_forget: 1 }, bias: true, state: true }));
  });
  it("follow other activations", async () => {
    await checkGradient(
      layer({ op: "LSTM", attributes: { activations: ["HardSigmoid", "Softsign", "Tanh"] }, bias: true }),
    );
  });
});

describe("gradients of GRU", () => {
  it("reset the state after its product where the layer does", async () => {
    await checkGradient(layer({ op: "GRU", attributes: { linear_before_reset: 1 } }));
    await checkGradient(layer({ op: "GRU", attributes: { linear_before_reset: 1 }, bias: true }));
    await checkGradient(layer({ op: "GRU", attributes: { linear_before_reset: 1 }, bias: true, state: true }));
  });
});
