import { float32, toFloat32, type NdArray } from "../../base/array.ts";
import { graph, model, node, value } from "../../graph/build.ts";
import type { Model } from "../../graph/model.ts";
import { BLOCKED } from "./stage.ts";

const CHANNELS = 16;

/** A model that shows the block of the runtime's blocked layout; runtimes without such kernels cannot load it. */
export const blockProbe: { readonly model: Model; readonly feeds: Readonly<Record<string, NdArray>> } = Object.freeze({
  model: model(
    graph({
      inputs: [value("x", "float32", [1, CHANNELS, 1, 2])],
      outputs: [value("y", "float32", [1, CHANNELS, 1, 2])],
      nodes: [node("ReorderInput", [["x"], ["y"]], { domain: BLOCKED })],
    }),
    { opsets: { "": 17, [BLOCKED]: 1 } },
  ),
  feeds: {
    x: float32(
      [1, CHANNELS, 1, 2],
      Array.from({ length: 2 * CHANNELS }, (_, i) => i),
    ),
  },
});

/** Channels in a block, from the outputs of the probe: as many elements of the first pixel stand together. */
export function readBlock(outputs: Readonly<Record<string, NdArray>>): number | undefined {
  const { y } = outputs;
  if (y === undefined) return undefined;
  const second = toFloat32(y).findIndex((x, i) => x !== 2 * i);
  return second > 1 ? second : undefined;
}
