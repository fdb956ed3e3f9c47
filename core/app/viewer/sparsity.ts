import { elementCount } from "../../base/array.ts";
import type { Host } from "../../base/host.ts";
import type { Model, Tensor } from "../../graph/model.ts";
import { constantsOf } from "./constants.ts";
import type { Opened } from "./opened.ts";
import { isCountable, shareOfZeros, singleNumber } from "./tensor.ts";

/** Share of zeros among the weights of each op that has any: of its largest constant, with the zero point taken for zero. */
export async function countZeros({ parts, ops }: Opened, model: Model, host: Host): Promise<Map<number, number>> {
  const { flat } = parts;
  const constants = constantsOf(model);
  const found = new Map<number, number>();
  const seen = new Map<string, number>();
  for (const [i, { parameters }] of ops.entries()) {
    if (parameters === 0) continue;
    const weight = largest(weightsBehind(i));
    if (weight === undefined || !isCountable(weight.tensor.type)) continue;
    const { tensor, zero } = weight;
    const share = seen.get(tensor.name) ?? (await shareOfZeros(tensor, zero, host));
    seen.set(tensor.name, share);
    found.set(i, share);
  }
  return found;

  function weightsBehind(op: number, depth = 0): Weight[] {
    const { node, sources } = flat.ops[op]!;
    const direct = node.inputs.flatMap((name, slot): Weight[] => {
      const tensor = constants.get(name);
      return tensor === undefined || slot > 2 ? [] : [{ tensor, zero: 0 }];
    });
    if (depth > 8) return direct;
    const inner = sources.flatMap(({ from }): Weight[] => {
      if (from < 0 || !flat.ops[from]!.isConstant) return [];
      const zero = zeroPoint(flat.ops[from]!.node.inputs);
      return weightsBehind(from, depth + 1).map((w) => ({ ...w, zero }));
    });
    return [...direct, ...inner];
  }

  /** A quantised constant stands beside its scale and a zero point of its own type. */
  function zeroPoint(inputs: readonly string[]): number {
    const [data, , zero] = inputs.map((name) => constants.get(name));
    return data !== undefined && zero?.type === data.type ? (singleNumber(zero) ?? 0) : 0;
  }
}

interface Weight {
  readonly tensor: Tensor;
  readonly zero: number;
}

function largest(weights: readonly Weight[]): Weight | undefined {
  return weights.toSorted((a, b) => elementCount(b.tensor.dims) - elementCount(a.tensor.dims))[0];
}
