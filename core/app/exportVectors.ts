import type { NdArray } from "../base/array.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import { LatheError } from "../base/error.ts";
import { adaptFeeds, randomChoices, type Feeds } from "../measure/feeds.ts";
import type { InputInfo, Session } from "../runtime/session.ts";
import type { ExportOptions, Vectors } from "./bundle.ts";
import type { OpenedData } from "./projectData.ts";

export interface VectorTask {
  /** Inputs and outputs of the exported model, in the order of the source's. */
  readonly inputs: readonly InputInfo[];
  readonly outputs: readonly InputInfo[];
  readonly data: OpenedData | undefined;
  readonly options: ExportOptions;
}

/**
 * Prepared samples of the test split, or seeded random inputs, and what the project's variant makes of them, under the
 * names that the exported model has. Where one of the two takes a fixed number of samples and the other does not, the
 * variant is called as often as it takes.
 */
export async function makeVectors(source: Session, task: VectorTask): Promise<Vectors> {
  const { inputs, outputs, options } = task;
  const first = inputs[0]?.dims[0];
  const count = typeof first === "number" ? first : (options.samples ?? 16);
  const own = source.inputs[0]?.dims[0];
  const step = typeof own === "number" ? own : count;
  const total = Math.ceil(count / step) * step;
  const isLeading = (i: number): boolean => {
    const [before, after] = [source.inputs[i]?.dims[0], inputs[i]?.dims[0]];
    return before !== after || typeof after === "string";
  };
  const drawn = inputs.map((info, i) => (isLeading(i) ? { ...info, dims: ["batch", ...info.dims.slice(1)] } : info));
  const samples = inputs.length === 1 ? await firstSamples(task, total) : undefined;
  // Where sizes are free, some models need more than a few elements.
  const choices =
    samples === undefined ? randomChoices(drawn, { batch: total, seed: 0 }) : [adaptFeeds(drawn, { input: samples })];
  const part = (all: Feeds, from: number, to: number): Feeds =>
    Object.fromEntries(
      inputs.map(({ name }, i) => [
        name,
        total === to - from || !isLeading(i) ? all[name]! : slice(all[name]!, from, to),
      ]),
    );
  const callAll = async (all: Feeds): Promise<readonly Feeds[]> => {
    const calls: Feeds[] = [];
    for (let at = 0; at < total; at += step) {
      throwIfCancelled(options.signal);
      const feeds = part(all, at, at + step);
      const renamed = source.inputs.map(({ name }, i) => [name, feeds[inputs[i]?.name ?? ""]!] as const);
      calls.push(await source.run(Object.fromEntries(renamed)));
    }
    return calls;
  };
  const { all, calls } = await firstThatRuns(choices, callAll);
  const results = outputs.map(({ name }, i) => {
    const parts = calls.map((call) => call[source.outputs[i]?.name ?? ""]!);
    const whole = parts.length === 1 ? parts[0]! : join(parts);
    return [name, total === count || whole.dims[0] !== total ? whole : slice(whole, 0, count)] as const;
  });
  return { inputs, outputs, feeds: part(all, 0, count), results: Object.fromEntries(results), count };
}

async function firstThatRuns(
  choices: readonly Feeds[],
  run: (all: Feeds) => Promise<readonly Feeds[]>,
): Promise<{ readonly all: Feeds; readonly calls: readonly Feeds[] }> {
  for (const [i, all] of choices.entries()) {
    try {
      return { all, calls: await run(all) };
    } catch (thrown) {
      const isLast = i === choices.length - 1;
      if (isLast || !(thrown instanceof LatheError) || thrown.code !== "not-runnable") throw thrown;
    }
  }
  throw new LatheError("internal", "There are no inputs to run.");
}

async function firstSamples({ data, options }: VectorTask, count: number): Promise<NdArray | undefined> {
  if (data === undefined) return undefined;
  const split = data.splits.test.length >= count ? "test" : "train";
  const stream = data.stream(split, 0);
  if (stream.count < count) return undefined;
  for await (const batch of stream.batches(count, options.signal)) return batch.input;
  return undefined;
}

/** Rows of an array, from one to before another. */
function slice(array: NdArray, from: number, to: number): NdArray {
  const { dims, data } = array;
  const row = dims.slice(1).reduce((all, d) => all * d, 1);
  return { ...array, dims: [to - from, ...dims.slice(1)], data: data.slice(from * row, to * row) };
}

/** Rows of several arrays below each other. */
function join(parts: readonly NdArray[]): NdArray {
  const [first] = parts;
  const rows = parts.reduce((sum, p) => sum + (p.dims[0] ?? 0), 0);
  const dims = [rows, ...first!.dims.slice(1)];
  if (!ArrayBuffer.isView(first!.data)) return { ...first!, dims, data: parts.flatMap((p) => p.data as string[]) };
  const Kind = first!.data.constructor as new (length: number) => Float32Array;
  const data = new Kind(parts.reduce((sum, p) => sum + p.data.length, 0));
  let at = 0;
  for (const p of parts) {
    data.set(p.data as Float32Array, at);
    at += p.data.length;
  }
  return { ...first!, dims, data };
}
