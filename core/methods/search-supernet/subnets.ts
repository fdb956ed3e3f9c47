import type { Random } from "../../base/random.ts";
import { samplePoint } from "../../search/points.ts";
import type { Point, Space } from "../../search/space.ts";
import type { ElasticSpace } from "../../zoo/elasticSpace.ts";
import type { StagedParams } from "../../zoo/staged.ts";
import type { Task } from "../searchSpace.ts";
import type { Params } from "./params.ts";
import { LatheError } from "../../base/error.ts";

/** The supernet that the parameters describe. @throws unsupported for samples that are no images */
export function elasticSpaceOf({ input, classes }: Task, params: Params): ElasticSpace {
  const [channels, height, width] = input;
  if (input.length !== 3 || channels === undefined || height === undefined || width === undefined) {
    throw new LatheError("unsupported", `A supernet takes images, and these samples are "${input.join("x")}".`, {
      hint: "Choose another search.",
    });
  }
  return {
    input: [channels, height, width],
    classes,
    channels: params.channels,
    stages: Array.from({ length: params.stages }, () => ({ depth: params.depth })),
    widths: params.widths,
    kernels: params.kernels,
    expansions: params.expansions,
  };
}

/** Its subnets, as points that are parameters of the zoo's "staged". */
export function subnetSpace({ channels, stages, widths, kernels, expansions }: ElasticSpace): Space {
  const fixed = (value: number | string): Space => ({ kind: "fixed", value });
  const choice = (values: readonly number[]): Space => ({
    kind: "choice",
    values: values.toSorted((a, b) => a - b),
    isOrdered: true,
  });
  const block: Space = {
    kind: "record",
    fields: { op: fixed("residual"), kernel: choice(kernels), expansion: choice(expansions) },
  };
  const stage = (depth: number): Space => ({
    kind: "record",
    fields: { width: choice(widths), blocks: { kind: "list", item: block, least: 1, most: depth } },
  });
  return {
    kind: "record",
    fields: {
      resolution: fixed(1),
      channels: fixed(channels),
      stages: { kind: "tuple", items: stages.map(({ depth }) => stage(depth)) },
    },
  };
}

/** Points of that space are such parameters. */
export const asSubnet = (point: Point): StagedParams => point as unknown as StagedParams;

/** The subnet with the least of everything. */
export function smallestSubnet({ channels, stages, widths, kernels, expansions }: ElasticSpace): StagedParams {
  const least = (values: readonly number[]): number => Math.min(...values);
  const block = { op: "residual" as const, kernel: least(kernels) as 3, expansion: least(expansions) };
  return { resolution: 1, channels, stages: stages.map(() => ({ width: least(widths), blocks: [block] })) };
}

export const drawSubnet = (space: Space, random: Random): StagedParams => asSubnet(samplePoint(space, random));
