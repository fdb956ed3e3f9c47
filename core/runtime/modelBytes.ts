import type { Model } from "../graph/model.ts";
import { encodeModel } from "../onnx/encode.ts";

/**
 * The bytes of a model's file.
 * @throws limit-exceeded above 2 GiB
 */
export const modelBytes = (model: Model): Uint8Array => encodeModel(model);
