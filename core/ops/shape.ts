import { defineOps, free } from "./declare.ts";

export const shapeOps = [
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
      "Identity",
      "Dropout",
      "Pad",
    ],
    {
      domain: "",
      since: 1,
      quantize: { role: "move" },
      cost: free,
    },
  ),
  ...defineOps(["Concat"], { domain: "", since: 1, quantize: { role: "join" }, cost: free }),
  ...defineOps(["Resize", "Upsample", "Expand", "Tile", "Split", "GatherElements", "GatherND", "ScatterND", "Where"], {
    domain: "",
    since: 1,
    quantize: { role: "float", reason: "its eight-bit form is not worth the conversions on the CPU" },
    cost: free,
  }),
];
