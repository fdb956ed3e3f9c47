import { defineOps, product, type Cost, unwritten } from "./declare.ts";

/**
 * Every time step multiplies the input with W [directions, gates·H, I] and the state with
 * R [directions, gates·H, H]. Data is [time, batch, I].
 */
const recurrentCost: Cost = ({ inputs }) => {
  const [time = 1, batch = 1] = inputs[0] ?? [];
  return time * batch * (product(inputs[1] ?? []) + product(inputs[2] ?? []));
};

export const recurrentOps = [
  ...defineOps(["LSTM", "GRU", "RNN"], {
    domain: "",
    since: 1,
    gradient: unwritten,
    quantize: { role: "float", reason: "onnxruntime quantises recurrent layers only dynamically" },
    cost: recurrentCost,
  }),
  ...defineOps(["DynamicQuantizeLSTM"], {
    domain: "com.microsoft",
    since: 1,
    gradient: unwritten,
    quantize: { role: "float", reason: "it is quantised already" },
    cost: recurrentCost,
  }),
];
