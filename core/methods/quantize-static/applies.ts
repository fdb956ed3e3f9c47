import type { Applicability } from "../../contract/method.ts";
import type { Model } from "../../graph/model.ts";
import { normalizeModel } from "../../transform/constants.ts";
import { upgradeOpset } from "../../transform/upgradeOpset.ts";
import { refuseUncalibrable } from "../calibrable.ts";

/** Whether a model has float layers with constant weights that eight-bit kernels could compute. */
export function applies(model: Model): Applicability {
  const refused = refuseUncalibrable(model);
  if (refused !== undefined) return refused;
  const version = model.opsets[""] ?? 0;
  const upgrade = version < 13 ? upgradeOpset(normalizeModel(model)) : { model };
  if ("model" in upgrade) return { applies: true, notes: [] };
  if (version < 10) {
    return {
      applies: false,
      reason: `Eight-bit kernels need opset 10 or newer, and the model cannot be brought to it: ${upgrade.reason}.`,
      hint: "Export the model again with a newer opset.",
    };
  }
  const note = `Opset ${version || "?"} has no per-channel form, so the pairs use onnxruntime's own domain.`;
  return { applies: true, notes: [note] };
}
