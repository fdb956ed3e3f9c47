import { expect, test } from "vitest";
import { LatheError } from "../../core/base/error.ts";
import { seededRandom } from "../../core/base/random.ts";
import { floatTensor, graph, intTensor, model, node, tensor, value } from "../../core/graph/build.ts";
import { printModel } from "../../core/graph/print.ts";
import { decodeModel } from "../../core/onnx/decode.ts";
import { encodeModel } from "../../core/onnx/encode.ts";

const body = graph({
  name: "then",
  inputs: [],
  outputs: [value("t", "float32")],
  nodes: [node("Neg", [["x"], ["t"]])],
});
const seed = encodeModel(
  model(
    graph({
      inputs: [value("x", "float32", ["N", 4]), value("c", "bool", [])],
      outputs: [value("y", "float32", ["N", 4])],
      values: [value("h", "float32")],
      initializers: [floatTensor("w", [4], [1, 2, 3, 4]), tensor("s", { type: "string", dims: [1], data: ["text"] })],
      sparseInitializers: [{ values: floatTensor("sp", [1], [1]), indices: intTensor("", [1], [3]), dims: [4] }],
      annotations: [{ tensor: "w", parameters: { SCALE_TENSOR: "w" } }],
      nodes: [
        node("Add", [["x", "w"], ["h"]], { attributes: { axis: 1, list: [1, 2], name: "text", scale: 0.5 } }),
        node("If", [["c"], ["y"]], { attributes: { then_branch: { kind: "graph", value: body } } }),
      ],
    }),
    { metadata: { key: "value" }, doc: "seed" },
  ),
);

/** One of the usual damages: flipped bits, overwritten, removed, doubled or cut-off bytes. */
function damage(bytes: Uint8Array, random: ReturnType<typeof seededRandom>): Uint8Array {
  const at = random.integer(bytes.length);
  const length = 1 + random.integer(16);
  switch (random.integer(8)) {
    case 0:
    case 1:
    case 2:
      return bytes.with(at, (bytes[at] ?? 0) ^ (1 << random.integer(8)));
    case 3:
    case 4:
      return bytes.with(at, random.integer(256));
    case 5:
      return Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(at + length));
    case 6:
      return Uint8Array.of(...bytes.subarray(0, at + length), ...bytes.subarray(at));
    default:
      return bytes.slice(0, at);
  }
}

test("whatever is damaged, a model is read or refused in our own words, and what is read can be written", async () => {
  const random = seededRandom(1, "fuzz");
  const counts = { read: 0, refused: 0 };
  for (let round = 0; round < 4000; round++) {
    let bytes: Uint8Array = seed;
    for (let n = 1 + random.integer(3); n > 0 && bytes.length > 0; n--) bytes = damage(bytes, random);
    try {
      const read = await decodeModel(bytes);
      expect(printModel(read)).toContain("graph");
      expect(await decodeModel(encodeModel(read))).toBeDefined();
      counts.read++;
    } catch (error) {
      if (!(error instanceof LatheError) || error.code === "internal")
        throw new Error(`round ${round}`, { cause: error });
      counts.refused++;
    }
  }
  expect(counts.read).toBeGreaterThan(200);
  expect(counts.refused).toBeGreaterThan(400);
});
