import type { Channels } from "./channels.ts";
import { gather, kept } from "./channels/indexing.ts";
import { unrelated } from "./channels/elementwise.ts";
import { defineOp, free, type OpDeclaration } from "./declare.ts";
import type { Gradient } from "./gradient.ts";
import * as rules from "./gradients/indexing.ts";
import { oneHotGradient, rangeGradient } from "./gradients/sequences.ts";

type Traits = Partial<Pick<OpDeclaration, "since" | "channels" | "quantize">>;

const scattered: Channels = kept("reads or writes at places that are data");

const indexing = (op: string, gradient: Gradient, traits: Traits = {}): OpDeclaration =>
  defineOp({
    domain: "",
    op,
    since: 11,
    gradient,
    channels: scattered,
    quantize: { role: "float", reason: "its eight-bit form is not worth the conversions on the CPU" },
    cost: free,
    ...traits,
  });

/** Ops that take or put elements at positions which are data. */
export const indexingOps = [
  indexing("Gather", rules.gatherGradient, { since: 1, channels: gather, quantize: { role: "move" } }),
  indexing("GatherElements", rules.gatherElementsGradient),
  indexing("GatherND", rules.gatherNdGradient),
  indexing("ScatterElements", rules.scatterElementsGradient),
  indexing("ScatterND", rules.scatterNdGradient),
  indexing("Compress", rules.compressGradient, { since: 9 }),
  indexing("TopK", rules.topKGradient, { since: 10, quantize: { role: "none" } }),
  indexing("OneHot", oneHotGradient, { since: 9, quantize: { role: "none" } }),
  indexing("Range", rangeGradient, { channels: unrelated, quantize: { role: "none" } }),
];
