import {
  binaryCrossEntropy,
  crossEntropy,
  dice,
  jensenShannon,
  kullbackLeibler,
  type CrossEntropyOptions,
  type DivergenceOptions,
} from "./losses/classification.ts";
import type { Loss } from "./losses/loss.ts";
import { concordance, cosine, huber, meanAbsoluteError, meanSquaredError } from "./losses/regression.ts";

/** A loss by name with its options. */
export type LossSpec =
  | ({ readonly kind: "cross-entropy" } & CrossEntropyOptions)
  | { readonly kind: "bce"; readonly positiveWeight?: number }
  | ({ readonly kind: "kl" | "js" } & DivergenceOptions)
  | { readonly kind: "mse" | "l1" | "cosine" | "ccc" }
  | { readonly kind: "huber"; readonly delta?: number }
  | { readonly kind: "dice"; readonly smoothing?: number };

export type LossKind = LossSpec["kind"];

/** What a loss can be compared with and how it is written. */
export function lossOf(spec: LossSpec): Loss {
  switch (spec.kind) {
    case "cross-entropy":
      return crossEntropy(spec);
    case "bce":
      return binaryCrossEntropy(spec);
    case "kl":
      return kullbackLeibler(spec);
    case "js":
      return jensenShannon(spec);
    case "mse":
      return meanSquaredError;
    case "l1":
      return meanAbsoluteError;
    case "huber":
      return huber(spec);
    case "cosine":
      return cosine;
    case "ccc":
      return concordance;
    case "dice":
      return dice(spec);
  }
}
