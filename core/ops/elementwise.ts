import { sumTo } from "./broadcast.ts";
import { defineOp, defineOps, free, unwritten, type OpDeclaration } from "./declare.ts";
import type { Gradient } from "./gradient.ts";
import * as rules from "./gradients/elementwise.ts";

const noKernel = { role: "float", reason: "onnxruntime has no eight-bit kernel for this arithmetic" } as const;

/** Plain arithmetic in float. */
const arithmetic = (op: string, gradient: Gradient): OpDeclaration =>
  defineOp({ domain: "", op, since: 1, gradient, quantize: noKernel, cost: free });

export const elementwiseOps = [
  arithmetic("Sub", rules.subGradient),
  arithmetic("Div", rules.divGradient),
  arithmetic("Log", rules.logGradient),
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
    ["Pow", "Min", "Max", "Sum", "Mean", "Sqrt", "Reciprocal", "Neg", "Sign", "Floor", "Ceil", "Round", "Sin", "Cos"],
    { domain: "", since: 1, gradient: unwritten, quantize: noKernel, cost: free },
  ),
  defineOp({
    domain: "",
    op: "Exp",
    since: 1,
    gradient: rules.expGradient,
    quantize: noKernel,
    cost: free,
    nonNegative: true,
  }),
  ...defineOps(["Abs"], {
    domain: "",
    since: 1,
    gradient: unwritten,
    quantize: noKernel,
    cost: free,
    nonNegative: true,
  }),
];
