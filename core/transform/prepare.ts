import type { Model } from "../graph/model.ts";
import { normalizeModel } from "./constants.ts";
import { foldBatchNorm } from "./foldBatchNorm.ts";
import { foldPads } from "./foldPads.ts";
import { upgradeOpset } from "./upgradeOpset.ts";

export interface PreparedModel {
  readonly model: Model;
  /** Batch normalisations that were folded, by node name. */
  readonly folded: readonly string[];
  /** The opset that the model came with, where it was brought to a newer one. */
  readonly upgradedFrom: number | undefined;
}

/**
 * What every compression starts with: normalised, at opset 13 or newer where that can be, padding and
 * (unless kept) batch norms folded. Computes the same up to rounding.
 * @param model constants in memory
 */
export function prepareModel(model: Model, options: { readonly keepBatchNorm?: boolean } = {}): PreparedModel {
  const normal = normalizeModel(model);
  const upgrade = upgradeOpset(normal);
  const current = "model" in upgrade ? upgrade.model : normal;
  const padded = foldPads(current);
  const { model: ready, folded } =
    options.keepBatchNorm === true ? { model: padded, folded: [] } : foldBatchNorm(padded);
  return { model: ready, folded, upgradedFrom: current === normal ? undefined : model.opsets[""] };
}
