import { recurrent } from "./channels/recurrent.ts";
import { defineOp, defineOps, product, type Cost } from "./declare.ts";
import { expandGru, expandLstm, expandRnn } from "./expansions/recurrent.ts";

/**
 * Every time step multiplies the input with W [directions, gates·H, I] and the state with
 * R [directions, gates·H, H]. Data is [time, batch, I].
 */
const recurrentCost: Cost = ({ inputs }) => {
  const [time = 1, batch = 1] = inputs[0] ?? [];
  return time * batch * (product(inputs[1] ?? []) + product(inputs[2] ?? []));
};

export const recurrentOps = [
  ...[
    { op: "LSTM", expand: expandLstm },
    { op: "GRU", expand: expandGru },
    { op: "RNN", expand: expandRnn },
  ].map(({ op, expand }) =>
    defineOp({
      domain: "",
      op,
      since: 1,
      gradient: { expand },
      channels: recurrent,
      quantize: { role: "float", reason: "onnxruntime quantises recurrent layers only dynamically" },
      cost: recurrentCost,
    }),
  ),
  ...defineOps(["DynamicQuantizeLSTM"], {
    domain: "com.microsoft",
    since: 1,
    gradient: { unsupported: "its weights are eight-bit numbers; start from the float model" },
    channels: { unknown: "computes with eight-bit weights" },
    quantize: { role: "float", reason: "it is quantised already" },
    cost: recurrentCost,
  }),
];
