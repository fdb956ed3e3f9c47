import type { StagedParams } from "../../zoo/staged.ts";
import type { SearchFindings } from "../searchFindings.ts";

/** A subnet beside the same net trained alone with as many samples. */
export interface AloneNet {
  /** Place in the front. */
  readonly place: number;
  /** Validation accuracies. */
  readonly shared: number;
  readonly alone: number;
}

/** What a supernet search came to. */
export interface SupernetFindings extends SearchFindings {
  /** Mean loss of the largest subnet in each epoch. */
  readonly losses: readonly number[];
  /** Samples that the supernet was trained on in all. */
  readonly samples: number;
  readonly largest: { readonly point: StagedParams; readonly accuracy: number };
  /** Greatest difference between supernet and subnet alone, over the greatest logit. */
  readonly difference: number;
  readonly alone: readonly AloneNet[];
  /** Latency as measured of the nets that were taken out, by their place in the front. */
  readonly measured?: readonly { readonly place: number; readonly latency: number }[];
}
