import { nodeHost as host } from "../../core/app/nodeHost.ts";
import type { NdArray } from "../../core/base/array.ts";
import type { SampleStream } from "../../core/data/batches.ts";
import type { Model, Node } from "../../core/graph/model.ts";
import { observeActivations, type Activation } from "../../core/measure/activations.ts";
import { affineOf } from "../../core/transform/affine.ts";
import { normalizeModel } from "../../core/transform/constants.ts";
import { insertQdq, type QdqOptions, type QdqResult } from "../../core/transform/insertQdq.ts";
import { placeQuantizers, type Placement } from "../../core/transform/placeQuantizers.ts";

/** One array [samples, ...] as a stream. */
export function streamOf(samples: NdArray): SampleStream {
  const [count = 0, ...shape] = samples.dims;
  const data = samples.data as Float32Array;
  const size = data.length / count;
  const indices = Int32Array.from({ length: count }, (_, i) => i);
  return {
    count,
    classes: undefined,
    indices,
    preprocessing: { kind: "array", shape, scale: 1, mean: [0], std: [1], type: "float32" },
    select: (others) => {
      const rows = Array.from(others, (i) => Array.from(data.subarray(i * size, (i + 1) * size)));
      return streamOf({ ...samples, dims: [others.length, ...shape], data: Float32Array.from(rows.flat()) });
    },
    batches: async function* (rows) {
      for (let start = 0; start < count; start += rows) {
        const part = indices.slice(start, start + rows);
        const slice = data.subarray(start * size, (start + part.length) * size);
        yield {
          indices: part,
          input: { type: samples.type, dims: [part.length, ...shape], data: slice },
          labels: undefined,
        };
      }
    },
  };
}

export interface QuantizeOptions extends Partial<
  Pick<QdqOptions, "activationType" | "perChannel" | "weights" | "isExact">
> {
  readonly exclude?: (node: Node) => boolean;
  readonly tail?: boolean;
  readonly biasCorrection?: boolean;
}

export interface Quantized extends QdqResult {
  readonly placement: Placement;
  readonly observed: ReadonlyMap<string, Activation>;
  /** The normalised float model. */
  readonly float: Model;
}

/** Places, observes and writes quantisers with min-max ranges of these samples. */
export async function quantize(source: Model, samples: NdArray, options: QuantizeOptions = {}): Promise<Quantized> {
  const float = normalizeModel(source);
  const { activationType = "uint8", perChannel = true } = options;
  const placement = place(float, options);
  const roots = [...new Set(placement.values.values())];
  const inputs = options.biasCorrection === true ? [...placement.nodes].map((n) => n.inputs[0] ?? "") : [];
  const observed = await observeActivations(
    float,
    [...new Set([...roots, ...inputs])].map((value) => ({ value, channelMeans: inputs.includes(value) })),
    { stream: streamOf(samples), batch: 16, session: {}, host },
  );
  const activations = new Map(
    roots.map((v) => [v, affineOf(observed.get(v)!.low, observed.get(v)!.high, activationType)]),
  );
  const means = new Map(
    [...observed].flatMap(([v, { channelMeans }]) => (channelMeans === undefined ? [] : [[v, channelMeans] as const])),
  );
  const result = insertQdq(float, {
    placement,
    activations,
    activationType,
    perChannel,
    weights: options.weights ?? { steps: 127, range: "min-max" },
    isExact: options.isExact ?? true,
    ...(options.biasCorrection === true && { channelMeans: means }),
  });
  return { ...result, placement, observed, float };
}

export function place(float: Model, { exclude, tail = false }: QuantizeOptions = {}): Placement {
  return placeQuantizers(float, { isExcluded: exclude ?? (() => false), tail });
}
