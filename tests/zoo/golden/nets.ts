import { float32, toFloat32, type NdArray } from "../../../core/base/array.ts";
import { seededRandom } from "../../../core/base/random.ts";
import { tensor, tensorArray } from "../../../core/graph/build.ts";
import type { Model } from "../../../core/graph/model.ts";
import { findNet } from "../../../core/zoo/catalogue.ts";
import type { NetRequest } from "../../../core/zoo/define.ts";

/** Nets that PyTorch runs as well. */
export const GOLDEN: Readonly<Record<string, NetRequest>> = {
  resnet20: { input: [3, 32, 32] },
  resnetrs50: { input: [3, 65, 64], classes: 6, params: { width: 0.125 } },
  "mobilenetv3-small": { input: [3, 64, 64], classes: 6, params: { width: 0.5 } },
  "shufflenetv2-0.5": { input: [3, 64, 64], classes: 6 },
  "vit-tiny": { input: [3, 32, 48], classes: 6, params: { depth: 0.2 } },
  "deit-tiny": { input: [3, 32, 48], classes: 6, params: { depth: 0.2 } },
  "bert-tiny": { input: [10], classes: 6, params: { vocabulary: 20 } },
  unet: { input: [1, 16, 32], params: { width: 0.1, levels: 2 } },
  lstm: { input: [9, 6], classes: 6, params: { hidden: 8, layers: 3, bidirectional: true } },
};

const BATCH = 3;

export interface GoldenNet {
  readonly model: Model;
  readonly input: NdArray;
}

/**
 * The net with weights and statistics that are all random and large enough to matter: a fresh transformer hardly
 * attends, and a fresh normalisation does nothing. Tokens end in padding.
 */
export function goldenNet(id: string): GoldenNet {
  const net = findNet(id);
  const request = GOLDEN[id] ?? {};
  const { parameters } = net.describe(request);
  const learned = new Set(parameters.map((p) => p.name));
  const model = net.build({ ...request, seed: 11 });
  const gain = /^(vit|deit|bert)/.test(id) ? 6 : 1;
  const initializers = model.graph.initializers.map((t) => {
    if (!learned.has(t.name)) return t;
    const random = seededRandom(11, t.name);
    const matrix = t.dims.length > 1;
    const data = toFloat32(tensorArray(t)).map((w) => (matrix ? gain * w : w + 0.2 * random.next()));
    return tensor(t.name, float32(t.dims, data));
  });
  const dims = [BATCH, ...(request.input ?? net.info.input)];
  return { model: { ...model, graph: { ...model.graph, initializers } }, input: inputOf(id, dims) };
}

function inputOf(id: string, dims: readonly number[]): NdArray {
  const random = seededRandom(12, id);
  const count = dims.reduce((product, d) => product * d, 1);
  if (!id.startsWith("bert"))
    return float32(
      dims,
      Float32Array.from({ length: count }, () => random.normal()),
    );
  const [, tokens = 1] = dims;
  const ids = Array.from({ length: count }, (_, i) => (i % tokens > 6 ? 0 : 1 + random.integer(19)));
  return { type: "int64", dims, data: BigInt64Array.from(ids, BigInt) };
}
