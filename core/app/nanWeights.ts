import { elementCount } from "../base/array.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import type { Host } from "../base/host.ts";
import type { Model } from "../graph/model.ts";
import { countNan, mayHoldNan, type NanConstant } from "../graph/nanConstants.ts";
import { namedTensors } from "../graph/tensors.ts";
import { readElements } from "../onnx/read.ts";

/** Elements that are looked at in one go. */
const STRETCH = 2 ** 22;

/** All constants with NaN among several elements, those in files of their own too. */
export async function findNan(model: Model, host: Host, signal: AbortSignal): Promise<readonly NanConstant[]> {
  const all: NanConstant[] = [];
  for (const { name, tensor } of namedTensors(model)) {
    if (!mayHoldNan(tensor)) continue;
    const of = elementCount(tensor.dims);
    let [count, first] = [0, -1];
    for (let from = 0; from < of; from += STRETCH) {
      throwIfCancelled(signal);
      const array = await readElements(tensor, { from, count: Math.min(STRETCH, of - from) }, host);
      const found = countNan(array);
      if (first < 0 && found.count > 0) first = from + found.first;
      count += found.count;
    }
    if (count > 0) all.push({ name, count, of, first });
  }
  return all;
}
