import { seededRandom } from "../../core/base/random.ts";
import { floatTensor, graph, model, node, value } from "../../core/graph/build.ts";
import type { Model, Node, Tensor } from "../../core/graph/model.ts";

/** Weights from a normal distribution with variance 2/fan-in (He et al. 2015). */
function heWeights(name: string, dims: readonly number[]): Tensor {
  const random = seededRandom(1, name);
  const fan = dims.slice(1).reduce((product, d) => product * d, 1);
  const count = dims.reduce((product, d) => product * d, 1);
  const scale = Math.sqrt(2 / fan);
  return floatTensor(
    name,
    dims,
    Float32Array.from({ length: count }, () => random.normal() * scale),
  );
}

const filled = (name: string, size: number, x: number): Tensor =>
  floatTensor(name, [size], new Float32Array(size).fill(x));

export interface NetOptions {
  /** Edge of the square input. */
  readonly size?: number;
  readonly channels?: number;
  readonly widths?: readonly number[];
  readonly classes?: number;
  readonly batchNorm?: boolean;
}

/** Convolutions with stride 2, batch norm and ReLU, global average pooling and a linear layer. */
export function smallNet(options: NetOptions = {}): Model {
  const { size = 8, channels = 1, widths = [8, 16], classes = 10, batchNorm = true } = options;
  const nodes: Node[] = [];
  const constants: Tensor[] = [];
  let [before, width] = ["image", channels];
  for (const [i, next] of widths.entries()) {
    const layer = `layer${i}`;
    constants.push(heWeights(`${layer}.weight`, [next, width, 3, 3]));
    const inputs = [before, `${layer}.weight`];
    if (!batchNorm) {
      constants.push(filled(`${layer}.bias`, next, 0));
      inputs.push(`${layer}.bias`);
    }
    const attributes = { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2] };
    nodes.push(node("Conv", [inputs, [`${layer}.conv`]], { attributes }));
    let last = `${layer}.conv`;
    if (batchNorm) {
      const own = ["scale", "shift", "mean", "variance"].map((part) => `${layer}.norm.${part}`);
      constants.push(...own.map((name, part) => filled(name, next, part === 0 || part === 3 ? 1 : 0)));
      nodes.push(node("BatchNormalization", [[last, ...own], [`${layer}.norm`]]));
      last = `${layer}.norm`;
    }
    nodes.push(node("Relu", [[last], [`${layer}.relu`]]));
    [before, width] = [`${layer}.relu`, next];
  }
  constants.push(heWeights("head.weight", [classes, width]), filled("head.bias", classes, 0));
  nodes.push(
    node("GlobalAveragePool", [[before], ["pool"]]),
    node("Flatten", [["pool"], ["flat"]]),
    node("Gemm", [["flat", "head.weight", "head.bias"], ["logits"]], { attributes: { transB: 1 } }),
  );
  return model(
    graph({
      inputs: [value("image", "float32", ["batch", channels, size, size])],
      outputs: [value("logits", "float32", ["batch", classes])],
      nodes,
      initializers: constants,
    }),
  );
}
