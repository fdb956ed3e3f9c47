import type { Node } from "../graph/model.ts";
import type { LinearMap } from "../ops/declare.ts";
import { axisLayout, type FloatConstant } from "./constants.ts";

/**
 * Bias correction (Nagel et al. 2019, §4.2): rounding the weights shifts the mean output of channel o by
 * −Σᵢ (Σₖ ε[o,i,k])·E[xᵢ]; the bias takes it back. Undefined where a channel has no one mean.
 * @param error w − ŵ, in the shape of the weight
 * @param means mean of each input channel
 */
export function biasCorrection(
  node: Node,
  linear: LinearMap,
  { weight, error, means }: { weight: FloatConstant; error: Float32Array; means: Float32Array | undefined },
): Float64Array | undefined {
  if (means === undefined || linear.bias === undefined) return undefined;
  const { dims } = weight;
  const outputs = axisLayout(dims, linear.outputAxis(node, dims.length));
  const inputAxis = linear.inputAxis(node, dims);
  if (inputAxis === undefined) return undefined;
  const inputs = axisLayout(dims, inputAxis);
  if (inputs.size !== means.length) return undefined;
  const shift = new Float64Array(outputs.size);
  error.forEach((e, at) => {
    const o = Math.floor(at / outputs.inner) % outputs.size;
    const i = Math.floor(at / inputs.inner) % inputs.size;
    shift[o] = shift[o]! + e * means[i]!;
  });
  return shift;
}
