import { float32, type NdArray } from "../../base/array.ts";
import { seededRandom } from "../../base/random.ts";
import type { Host } from "../../base/host.ts";
import { LatheError } from "../../base/error.ts";
import type { SampleStream } from "../../data/batches.ts";
import type { Model } from "../../graph/model.ts";
import { measureAccuracy } from "../../measure/accuracy.ts";
import { withSession, type SessionOptions } from "../../runtime/session.ts";
import { recalibrate } from "../../train/recalibrate.ts";
import { withConstants } from "../../train/trainer.ts";
import { constantsOf, subnetModel, type ElasticNet } from "../../zoo/elastic.ts";
import type { ElasticSpace } from "../../zoo/elasticSpace.ts";
import type { StagedParams } from "../../zoo/staged.ts";

export interface SubnetOptions {
  readonly space: ElasticSpace;
  readonly net: ElasticNet;
  /** The supernet with its weights. */
  readonly model: Model;
  readonly seed: number;
  /** Samples from which statistics are estimated: the training samples, of which so many are drawn. */
  readonly training: SampleStream;
  readonly calibration: number;
  readonly batch: number;
  readonly session: SessionOptions;
  readonly host: Host;
  readonly signal: AbortSignal;
}

/** Takes subnets out of a supernet. */
export interface SubnetMaker {
  /** A subnet as a model of its own, with its part of the weights and batch statistics estimated for it. */
  take(subnet: StagedParams): Promise<Model>;
  /**
   * Checks that the supernet, told to be this subnet and given its statistics, computes what the model does.
   * @returns the greatest difference of the logits over the greatest logit
   * @throws numeric where that is beyond 10⁻⁴
   */
  verify(subnet: StagedParams, alone: Model): Promise<number>;
}

const TOLERANCE = 1e-4;

export function subnetMaker(options: SubnetOptions): SubnetMaker {
  const { space, net, model, seed, training, calibration, batch, session, host, signal } = options;
  const constants = constantsOf(model);
  const order = seededRandom(seed, "statistics").shuffle(Array.from(training.indices));
  const stream = training.select(Int32Array.from(order.slice(0, calibration)));
  const size = Math.min(batch, stream.count);
  return {
    take: (subnet) =>
      recalibrate(subnetModel(space, subnet, net.parts(subnet, constants)), {
        stream,
        batch: size,
        batches: Math.max(1, Math.floor(stream.count / size)),
        session,
        host,
        signal,
      }),
    verify: async (subnet, alone) => {
      const [samples] = await firstBatch(stream, Math.min(16, size), signal);
      const input = samples!;
      const whole = withConstants(model, widened(constantsOf(alone), constants));
      const bounds = net.bounds(subnet, input.dims[0]!);
      const [own, expected] = await Promise.all([
        withSession(whole, { ...session, host }, (open) => open.run({ input, ...bounds })),
        withSession(alone, { ...session, host }, (open) => open.run({ input })),
      ]);
      const [a, b] = [own["logits"]!.data as Float32Array, expected["logits"]!.data as Float32Array];
      const most = b.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
      const difference = a.reduce((m, x, i) => Math.max(m, Math.abs(x - b[i]!)), 0) / most;
      if (difference <= TOLERANCE) return difference;
      throw new LatheError(
        "numeric",
        `A subnet alone differs from the supernet by "${difference}" of the greatest logit.`,
        {
          hint: "This is a fault of Lathe; please report it with the recipe.",
        },
      );
    },
  };
}

/** The supernet's statistics with those of a subnet at the front. */
function widened(own: ReadonlyMap<string, NdArray>, whole: ReadonlyMap<string, NdArray>): ReadonlyMap<string, NdArray> {
  const statistics = [...whole].filter(([name]) => /\.running_(mean|var)$/.test(name));
  return new Map(
    statistics.flatMap(([name, { dims, data }]) => {
      const part = own.get(name);
      if (part === undefined) return [];
      const values = Float32Array.from(data as Float32Array);
      values.set(part.data as Float32Array);
      return [[name, float32(dims, values)] as const];
    }),
  );
}

async function firstBatch(stream: SampleStream, size: number, signal: AbortSignal): Promise<readonly NdArray[]> {
  for await (const { input } of stream.batches(size, signal)) return [input];
  return [];
}

/** Top-1 accuracy of a model. */
export function accuracyOf(
  model: Model,
  stream: SampleStream,
  { session, host, signal }: Pick<SubnetOptions, "session" | "host" | "signal">,
): Promise<number> {
  return withSession(model, { ...session, host }, async (open) => {
    const { accuracy } = await measureAccuracy(open, stream, { split: "validation", batch: 128, signal });
    return accuracy.top1;
  });
}
