import type { NdArray } from "../../core/base/array.ts";
import type { PlainAttribute } from "../../core/graph/attributes.ts";
import { graph, model, node, value } from "../../core/graph/build.ts";
import { runBackward } from "./backward.ts";

export interface Single {
  readonly inputs: readonly NdArray[];
  readonly attributes?: Readonly<Record<string, PlainAttribute>>;
  readonly opset?: number;
  readonly outputs?: number;
}

/** The gradients of the sum of one op's first output, for places where finite differences say nothing. */
export async function gradientsOf(op: string, { inputs, attributes = {}, ...rest }: Single): Promise<number[][]> {
  const names = inputs.map((_, slot) => `x${slot}`);
  const outputs = Array.from({ length: rest.outputs ?? 1 }, (_, i) => `y${i}`);
  const made = model(
    graph({
      inputs: inputs.map((array, slot) => value(names[slot]!, array.type, array.dims)),
      outputs: [{ name: "y0" }],
      nodes: [node(op, [names, outputs], { attributes })],
    }),
    { opsets: { "": rest.opset ?? 17 } },
  );
  const feeds = Object.fromEntries(inputs.map((array, slot) => [names[slot]!, array]));
  const to = names.filter((_, slot) => inputs[slot]!.type.startsWith("float"));
  const { gradients } = await runBackward(made, { from: { y0: undefined }, to, feeds });
  return to.map((name) => Array.from((gradients[name]?.data ?? []) as Float64Array, Number));
}
