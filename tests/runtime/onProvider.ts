import { nodeHost } from "../../core/app/nodeHost.ts";
import { float32 } from "../../core/base/array.ts";
import type { ProviderName } from "../../core/contract/device.ts";
import { graph, model, node, value } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import { answer } from "../../core/runtime/child.ts";
import { withSession } from "../../core/runtime/session.ts";

const PARTS = 16;

/** Positions of the greatest of each two pixels, and a value in sixteen parts of which the last is doubled. */
function awkward(): Model {
  const parts = Array.from({ length: PARTS }, (_, i) => `part${i}`);
  return model(
    graph({
      inputs: [value("x", "float32", [1, 1, 1, PARTS])],
      outputs: [value("indices", "int64", [1, 1, 1, PARTS / 2]), value("twice", "float32", [1, 1, 1, 1])],
      nodes: [
        node("MaxPool", [["x"], ["pooled", "indices"]], { attributes: { kernel_shape: [1, 2], strides: [1, 2] } }),
        node("Split", [["x"], parts], { attributes: { axis: 3, num_outputs: PARTS } }),
        node("Add", [[`part${PARTS - 1}`, `part${PARTS - 1}`], ["twice"]]),
      ],
    }),
    { opsets: { "": 18 } },
  );
}

answer((provider: ProviderName) =>
  withSession(awkward(), { provider, host: nodeHost }, async (session) => {
    const data = Float32Array.from({ length: PARTS }, (_, i) => (i % 4 === 1 ? 100 : i));
    const { indices, twice } = await session.run({ x: float32([1, 1, 1, PARTS], data) });
    return { indices: Array.from(indices!.data, Number), twice: Array.from(twice!.data, Number) };
  }),
);
