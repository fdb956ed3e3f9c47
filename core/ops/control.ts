import { defineOps, free } from "./declare.ts";

const bodies = { unknown: "holds graphs of its own" } as const;
const inFloat = { role: "float", reason: "it holds graphs of its own" } as const;

export const controlOps = [
  ...defineOps(["If"], {
    domain: "",
    since: 1,
    gradient: {
      unsupported: "which branch is taken is known only when it runs, and the two cannot be computed side by side",
    },
    channels: bodies,
    quantize: inFloat,
    cost: free,
  }),
  ...defineOps(["Loop", "Scan"], {
    domain: "",
    since: 1,
    gradient: { unsupported: "its body runs a number of times that is known only when it runs" },
    channels: bodies,
    quantize: inFloat,
    cost: free,
  }),
];
