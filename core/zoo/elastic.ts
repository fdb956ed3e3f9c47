import type { NdArray } from "../base/array.ts";
import { LatheError } from "../base/error.ts";
import { tensor, tensorArray } from "../graph/build.ts";
import type { Model } from "../graph/model.ts";
import { initialize } from "./build.ts";
import { keepBound, middleBound, takeBound, widthBound, writeElastic } from "./elasticGraph.ts";
import { checkSpace, type ElasticSpace } from "./elasticSpace.ts";
import { inFours, staged, stageChannels, type StagedParams } from "./staged.ts";

/** A supernet: one graph for all subnets, which its bounds tell what to compute. */
export interface ElasticNet {
  /** In inference form; the weights and statistics are those of the largest subnet. */
  readonly model: Model;
  /** The largest subnet as parameters of the zoo's "staged". */
  readonly largest: StagedParams;
  /** The bounds of a subnet for a batch, by the names of the graph's inputs. */
  bounds(subnet: StagedParams, batch: number): Readonly<Record<string, NdArray>>;
  /** The part of each of the supernet's constants that a subnet has, by the same names. */
  parts(subnet: StagedParams, constants: ReadonlyMap<string, NdArray>): ReadonlyMap<string, NdArray>;
}

/**
 * One graph for every subnet of a space, each at its true cost. Widths are slices whose ends are inputs. What is chosen
 * (a kernel, whether a block is there) sends the whole batch one way: every way takes a number of samples that is an input
 * (all, or a single one where it is not taken, which is thrown away), and the ways are joined along the batch. A single
 * sample and not none keeps statistics finite. Smaller kernels are the middle of the largest (Cai et al. 2020, arXiv
 * 1908.09791); the first channels are kept (Yu et al. 2020, arXiv 2003.11142).
 * @throws invalid-argument for a space without values, or with even kernels
 */
export function buildElastic(space: ElasticSpace, seed: number): ElasticNet {
  checkSpace(space);
  const { input, classes, stages } = space;
  const most = (values: readonly number[]): number => Math.max(...values);
  const [kernel, width, expansion] = [most(space.kernels), most(space.widths), most(space.expansions)];
  const largest: StagedParams = {
    resolution: 1,
    channels: space.channels,
    stages: stages.map(({ depth }) => ({
      width,
      blocks: Array.from({ length: depth }, () => ({ op: "residual", kernel: kernel as 3, expansion })),
    })),
  };
  // The largest subnet's own constants, so that a subnet's names are the supernet's.
  const plain = initialize(staged.describe({ input, classes, params: largest }), seed);
  const whole = writeElastic(space, plain.graph.initializers);
  return Object.freeze<ElasticNet>({
    model: whole,
    largest,
    bounds: (subnet, batch) => boundsOf(space, subnet, batch),
    parts: (subnet, constants) => {
      const wanted = staged.describe({ input, classes, params: subnet }).parameters;
      return new Map(wanted.map(({ name, dims }) => [name, partOf(name, dims, constants)]));
    },
  });
}

function boundsOf(space: ElasticSpace, subnet: StagedParams, batch: number): Record<string, NdArray> {
  const bounds: Record<string, NdArray> = {};
  const set = (name: string, n: number): void => {
    bounds[name] = { type: "int64", dims: [1], data: BigInt64Array.of(BigInt(n)) };
  };
  const send = (way: string, isTaken: boolean): void => {
    set(takeBound(way), isTaken ? batch : 1);
    set(keepBound(way), isTaken ? batch : 0);
  };
  for (const [s, { depth }] of space.stages.entries()) {
    const { width, blocks } = subnet.stages[s]!;
    const channels = stageChannels(space, s, width);
    set(widthBound(s), channels);
    for (let b = 0; b < depth; b++) {
      const name = `stage${s + 1}.block${b + 1}`;
      const own = blocks[b];
      const expansion = own !== undefined && "expansion" in own ? own.expansion : Math.min(...space.expansions);
      set(middleBound(name), inFours(channels * expansion));
      const kernel = own?.kernel ?? space.kernels[0]!;
      if (space.kernels.length > 1) {
        // A block that is not there gets a single sample, whichever way that goes.
        const samples = b === 0 || own !== undefined ? batch : 1;
        for (const k of space.kernels) {
          set(takeBound(`${name}.kernel${k}`), k === kernel ? samples : 1);
          set(keepBound(`${name}.kernel${k}`), k === kernel ? samples : 0);
        }
      }
      if (b === 0) continue;
      send(`${name}.there`, own !== undefined);
      set(keepBound(`${name}.skipped`), own === undefined ? batch : 0);
    }
  }
  return bounds;
}

/** The first elements along each axis; along axes behind the second, the middle ones. */
function partOf(name: string, dims: readonly number[], constants: ReadonlyMap<string, NdArray>): NdArray {
  const whole = constants.get(name);
  if (whole?.dims.length !== dims.length || dims.some((d, axis) => d > whole.dims[axis]!)) {
    throw new LatheError("invalid-argument", `The supernet has no part [${dims.join()}] of "${name}".`, {
      hint: "Choose a subnet of its space.",
    });
  }
  const starts = dims.map((d, axis) => (axis < 2 ? 0 : Math.floor((whole.dims[axis]! - d) / 2)));
  const from = whole.data as Float32Array;
  const data = new Float32Array(dims.reduce((all, d) => all * d, 1));
  const inner = dims.at(-1) ?? 1;
  for (let row = 0; row * inner < data.length; row++) {
    let rest = row;
    let offset = starts.at(-1) ?? 0;
    let stride = whole.dims.at(-1) ?? 1;
    for (let axis = dims.length - 2; axis >= 0; axis--) {
      offset += (starts[axis]! + (rest % dims[axis]!)) * stride;
      rest = Math.floor(rest / dims[axis]!);
      stride *= whole.dims[axis]!;
    }
    data.set(from.subarray(offset, offset + inner), row * inner);
  }
  return { type: "float32", dims, data };
}

/** A subnet as a model of its own, with its part of the supernet's constants. */
export function subnetModel(
  { input, classes }: ElasticSpace,
  subnet: StagedParams,
  parts: ReadonlyMap<string, NdArray>,
): Model {
  const plain = initialize(staged.describe({ input, classes, params: subnet }), 0);
  const initializers = plain.graph.initializers.map((t) => {
    const part = parts.get(t.name);
    return part === undefined ? t : tensor(t.name, part);
  });
  return Object.freeze({ ...plain, graph: Object.freeze({ ...plain.graph, initializers }) });
}

/** A supernet's constants by name. */
export function constantsOf({ graph: { initializers } }: Model): ReadonlyMap<string, NdArray> {
  return new Map(initializers.filter((t) => t.type === "float32").map((t) => [t.name, tensorArray(t)]));
}
