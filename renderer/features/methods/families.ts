import type { IconName } from "@blueprintjs/icons";
import type { MethodFamily, MethodInfo } from "../../../core/contract/method.ts";

export interface FamilyInfo {
  readonly title: string;
  /** What somebody wants who chooses it. */
  readonly goal: string;
  readonly icon: IconName;
}

export const FAMILIES: Readonly<Record<MethodFamily, FamilyInfo>> = {
  quantize: {
    title: "Quantise",
    goal: "Fewer bits for each number: smaller files, faster integer kernels.",
    icon: "compressed",
  },
  prune: { title: "Prune", goal: "Fewer channels: less arithmetic on every machine.", icon: "cut" },
  sparsify: {
    title: "Sparsify",
    goal: "Zeros in the weights: smaller files, speed where kernels use them.",
    icon: "grid",
  },
  search: {
    title: "Search",
    goal: "Another architecture that trades accuracy for speed as you wish.",
    icon: "search-around",
  },
  distill: { title: "Distil", goal: "A small student that learns from a large teacher.", icon: "learning" },
  train: { title: "Train", goal: "Better weights for the same network.", icon: "trending-up" },
};

const ORDER: readonly MethodFamily[] = ["quantize", "prune", "sparsify", "distill", "search", "train"];

/** The families that the catalogue has methods of, with their methods. */
export function familiesOf(methods: readonly MethodInfo[]): readonly { family: MethodFamily; methods: MethodInfo[] }[] {
  return ORDER.map((family) => ({ family, methods: methods.filter((m) => m.family === family) })).filter(
    (f) => f.methods.length > 0,
  );
}
