import { LatheError } from "../../../core/base/error.ts";
import type { Tensor } from "../../../core/graph/model.ts";

/** The numbers of a float32 tensor that is in memory. */
export function floatsOf({ name, type, data }: Tensor): Float32Array {
  if (type !== "float32" || data.kind !== "bytes") throw new LatheError("internal", `"${name}" is not in memory.`);
  return new Float32Array(data.bytes.slice().buffer);
}
