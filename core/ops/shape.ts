import { defineOp, defineOps, free, unwritten } from "./declare.ts";

const CONVERSIONS = "its eight-bit form is not worth the conversions on the CPU";

export const shapeOps = [
  defineOp({
    domain: "",
    op: "Identity",
    since: 1,
    gradient: (_, { dy }) => dy,
    quantize: { role: "move" },
    cost: free,
  }),
  ...defineOps(
    [
      "Reshape",
      "Transpose",
      "Flatten",
      "Squeeze",
      "Unsqueeze",
      "Slice",
      "Gather",
      "DepthToSpace",
      "SpaceToDepth",
      "Dropout",
      "Pad",
    ],
    {
      domain: "",
      since: 1,
      gradient: unwritten,
      quantize: { role: "move" },
      cost: free,
    },
  ),
  ...defineOps(["Concat"], { domain: "", since: 1, gradient: unwritten, quantize: { role: "join" }, cost: free }),
  defineOp({
    domain: "",
    op: "Resize",
    since: 1,
    gradient: unwritten,
    quantize: { role: "float", reason: CONVERSIONS },
    cost: free,
    // Region and scales.
    float32Slots: [1, 2],
  }),
  defineOp({
    domain: "",
    op: "Upsample",
    since: 1,
    gradient: unwritten,
    quantize: { role: "float", reason: CONVERSIONS },
    cost: free,
    float32Slots: [1],
  }),
  ...defineOps(["Expand", "Tile", "Split", "GatherElements", "GatherND", "ScatterND", "Where"], {
    domain: "",
    since: 1,
    gradient: unwritten,
    quantize: { role: "float", reason: CONVERSIONS },
    cost: free,
  }),
];
