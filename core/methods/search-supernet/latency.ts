import { cpus } from "node:os";
import { hash } from "../../base/hash.ts";
import { seededRandom } from "../../base/random.ts";
import { samplePoint } from "../../search/points.ts";
import type { Space } from "../../search/space.ts";
import { initialize } from "../../zoo/build.ts";
import type { ElasticSpace } from "../../zoo/elasticSpace.ts";
import { staged, type StagedParams } from "../../zoo/staged.ts";
import type { MethodContext } from "../define.ts";
import { timeModels } from "../searchLatency.ts";
import {
  extendTable,
  fitLatency,
  latencyFeatures,
  readJson,
  writeJson,
  type LatencyPredictor,
  type LatencyTable,
  type Measured,
} from "../searchTable.ts";
import type { Params } from "./params.ts";
import { asSubnet, smallestSubnet } from "./subnets.ts";

export interface PredictorOptions {
  readonly space: ElasticSpace;
  readonly points: Space;
  readonly largest: StagedParams;
}

/**
 * The latency predictor of a supernet: a table of all its blocks, and some whole subnets. What was measured is kept with the
 * run, so that going on predicts the same; the table of blocks outlives the run and serves the next on this device.
 */
export async function makePredictor(
  context: MethodContext<Params>,
  { space, points, largest }: PredictorOptions,
): Promise<LatencyPredictor> {
  const { host, session, seed, work, emit, params } = context;
  const own = work && host.files.join(work.folder, "latency.json");
  const known = own === undefined ? undefined : await readJson<Measured>(own, host);
  if (known !== undefined) return fitLatency(known);
  emit({ kind: "stage", name: "Measuring blocks and nets" });
  const describe = (subnet: StagedParams) =>
    staged.describe({ input: space.input, classes: space.classes, params: subnet });
  const random = seededRandom(seed, "timed");
  const drawn = Array.from({ length: params.timed - 2 }, () => asSubnet(samplePoint(points, random)));
  const subnets = [largest, smallestSubnet(space), ...drawn];
  const device = hash(`${cpus()[0]?.model ?? ""} ${session.provider ?? "cpu"} ${session.threads ?? 1}`).slice(0, 8);
  const shared = work && host.files.join(host.files.folder(work.folder), `latency-${device}.json`);
  const before = shared === undefined ? undefined : await readJson<LatencyTable>(shared, host);
  const table = await extendTable(before ?? {}, [...subnets, ...coveringSubnets(space)].map(describe), context);
  if (shared !== undefined) await writeJson(shared, table, host);
  const models = subnets.map((subnet) => initialize(describe(subnet), seed));
  const times = await timeModels(models, { ...context, seconds: 0.25 * models.length });
  const measured: Measured = {
    table,
    nets: subnets.map((subnet, i) => ({ features: latencyFeatures(describe(subnet), table), latency: times[i]! })),
  };
  if (own !== undefined) await writeJson(own, measured, host);
  return fitLatency(measured);
}

/**
 * Subnets in which every block occurs behind every width that may come before it, and as the last one of its stage: the
 * last block of the net is timed together with what follows it.
 */
export function coveringSubnets(space: ElasticSpace): readonly StagedParams[] {
  const { channels, stages, widths, kernels, expansions } = space;
  const depths = Array.from({ length: Math.max(...stages.map((s) => s.depth)) }, (_, i) => i + 1);
  const kinds = kernels.flatMap((kernel) => expansions.map((expansion) => ({ kernel: kernel as 3, expansion })));
  const pairs = widths.flatMap((even) => widths.map((odd) => [even, odd] as const));
  return depths.flatMap((depth) =>
    kinds.flatMap((kind) =>
      pairs.map((pair) => ({
        resolution: 1,
        channels,
        stages: stages.map((stage, s) => ({
          width: pair[s % 2]!,
          blocks: Array.from({ length: Math.min(depth, stage.depth) }, () => ({ op: "residual" as const, ...kind })),
        })),
      })),
    ),
  );
}
