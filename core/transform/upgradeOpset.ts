import { subgraphsOf } from "../graph/attributes.ts";
import type { Model } from "../graph/model.ts";
import { isOnnx, opsetOf } from "../graph/domains.ts";
import { changeOpset, OLDEST_OPSET, type OpsetChange } from "./changeOpset.ts";

export type UpgradeResult = OpsetChange;

const TARGET = 13;

/**
 * Brings an older model to opset 13, the first with a per-channel DequantizeLinear: attributes that became
 * inputs are moved, forms that changed their meaning are refused (ONNX Changelog.md). Newer models stay as
 * they are, and those with ops of ONNX's own that hold subgraphs, which methods do not look into.
 * @param model normalised, constants in memory
 */
export function upgradeOpset(model: Model): UpgradeResult {
  const version = opsetOf(model);
  if (version >= TARGET) return { model };
  const nested = model.graph.nodes.find((node) => isOnnx(node.domain) && subgraphsOf(node).length > 0);
  if (version >= OLDEST_OPSET && nested !== undefined)
    return { reason: `${nested.op} "${nested.name}": the nodes in its subgraphs would have to be adapted too` };
  return changeOpset(model, TARGET);
}
