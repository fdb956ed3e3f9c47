import { defineOps, free, type OpDeclaration } from "./declare.ts";
import type { Gradient } from "./gradient.ts";

const signal = (ops: readonly string[], gradient: Gradient): readonly OpDeclaration[] =>
  defineOps(ops, {
    domain: "",
    since: 17,
    gradient,
    channels: { unknown: "transforms along whole axes" },
    quantize: { role: "none" },
    cost: free,
  });

export const signalOps = [
  ...signal(["DFT", "STFT"], {
    unsupported: "it makes complex numbers; a Conv with the transform's rows as its kernels has one",
  }),
  // They depend on nothing but sizes.
  ...signal(["HannWindow", "HammingWindow", "BlackmanWindow", "MelWeightMatrix"], "stops"),
];
