import { sumTo } from "./broadcast.ts";
import { defineOp, defineOps, free, unwritten } from "./declare.ts";

const noKernel = { role: "float", reason: "onnxruntime has no eight-bit kernel for this arithmetic" } as const;

export const elementwiseOps = [
  defineOp({
    domain: "",
    op: "Add",
    since: 7,
    // d(a+b) = da + db
    gradient: (
      write,
      {
        node: {
          inputs,
          outputs: [y = ""],
        },
        dy: [dy = ""],
        needs,
      },
    ) => inputs.map((input, slot) => (needs(slot) ? sumTo(write, dy, [y, input]) : undefined)),
    quantize: { role: "join" },
    cost: free,
  }),
  defineOp({
    domain: "",
    op: "Mul",
    since: 7,
    gradient: (
      write,
      {
        node: {
          inputs,
          outputs: [y = ""],
        },
        dy: [dy = ""],
        needs,
      },
    ) => {
      const [a = "", b = ""] = inputs;
      return [
        needs(0) ? sumTo(write, write.op("Mul", [dy, b]), [y, a]) : undefined,
        needs(1) ? sumTo(write, write.op("Mul", [dy, a]), [y, b]) : undefined,
      ];
    },
    quantize: { role: "join" },
    cost: free,
  }),
  ...defineOps(
    [
      "Sub",
      "Div",
      "Pow",
      "Min",
      "Max",
      "Sum",
      "Mean",
      "Sqrt",
      "Reciprocal",
      "Log",
      "Neg",
      "Sign",
      "Floor",
      "Ceil",
      "Round",
      "Sin",
      "Cos",
    ],
    { domain: "", since: 1, gradient: unwritten, quantize: noKernel, cost: free },
  ),
  ...defineOps(["Exp", "Abs"], {
    domain: "",
    since: 1,
    gradient: unwritten,
    quantize: noKernel,
    cost: free,
    nonNegative: true,
  }),
];
