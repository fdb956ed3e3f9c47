import { throwIfCancelled } from "../base/cancel.ts";
import type { Preprocessing } from "../contract/preprocessing.ts";
import type { Host } from "../base/host.ts";
import { bindInput, fedInputs, releaseInput } from "../graph/inputSizes.ts";
import type { Model } from "../graph/model.ts";
import { randomFeeds } from "../measure/feeds.ts";
import { withSession } from "../runtime/session.ts";

/** Sizes of one prepared sample, without the batch. */
export function sampleSizes(preparation: Preprocessing): readonly number[] {
  if (preparation.kind === "array") return preparation.shape;
  const { height, width, channels, layout } = preparation;
  const planes = channels === "grey" ? 1 : 3;
  return layout === "nchw" ? [planes, height, width] : [height, width, planes];
}

/** A model with the sizes of the prepared samples where it leaves them open. */
export const atPreparedSizes = (model: Model, preparation: Preprocessing | undefined): Model =>
  preparation === undefined ? model : bindInput(model, sampleSizes(preparation));

/** What the symbols that a model's input leaves open are for prepared samples, by their names. */
export function openSizes(model: Model, preparation: Preprocessing | undefined): Readonly<Record<string, number>> {
  const bound = inputDims(atPreparedSizes(model, preparation));
  return Object.fromEntries(
    inputDims(model)
      .flatMap((size, axis) => (axis > 0 && typeof size === "string" ? [[size, Number(bound[axis])] as const] : []))
      .filter(([, size]) => Number.isFinite(size)),
  );
}

/** What the open sizes are multiplied with, to see whether a model runs at others: what is halved on the way stays whole. */
const OTHER = 2;

/** A model at the prepared sizes, and with its sizes open. */
export interface Sized {
  readonly bound: Model;
  readonly open: Model;
}

export interface Released {
  readonly model: Model;
  /** Why it takes samples of one size alone. */
  readonly warning?: string;
}

/**
 * Gives what was made of a model at the prepared sizes the open sizes of that model back, where it then runs at other
 * sizes as the model does; what was worked out for one size alone keeps it, and is said.
 */
export async function releaseSizes(
  made: Model,
  { bound, open }: Sized,
  options: { readonly host: Host; readonly signal: AbortSignal },
): Promise<Released> {
  if (bound === open || describeInput(made) !== describeInput(bound)) return { model: made };
  const free = releaseInput(made, open);
  const isWhole = sizeReaders(made) >= sizeReaders(open);
  const [expected, found] = [
    await outputsAtOtherSizes(open, bound, options),
    await outputsAtOtherSizes(free, bound, options),
  ];
  if (isWhole && expected !== undefined && expected === found) return { model: free };
  const sizes = inputDims(bound).slice(1).join("×");
  return {
    model: made,
    warning: `It takes samples of ${sizes} alone: sizes that the model leaves open were worked out for those of the prepared samples.`,
  };
}

/** Nodes that read sizes while the model runs. Where there are fewer than there were, some have become constants. */
const sizeReaders = ({ graph }: Model): number =>
  graph.nodes.filter(({ op }) => op === "Shape" || op === "Size").length;

const inputDims = ({ graph }: Model): readonly (number | string | undefined)[] => {
  const type = fedInputs(graph)[0]?.type;
  return type?.kind === "tensor" ? (type.dims ?? []).map((d) => d.size) : [];
};

const describeInput = (model: Model): string =>
  JSON.stringify([fedInputs(model.graph)[0]?.name, inputDims(model).slice(1)]);

/** Sizes of the outputs where those that are open are twice the bound ones; undefined where the model does not run so. */
async function outputsAtOtherSizes(
  model: Model,
  bound: Model,
  { host, signal }: { readonly host: Host; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const input = fedInputs(model.graph)[0];
  const own = inputDims(model);
  const dims = inputDims(bound).map((size, axis) => {
    if (axis === 0) return typeof size === "number" ? size : 1;
    return typeof own[axis] === "number" ? own[axis] : OTHER * Number(size);
  });
  if (input?.type?.kind !== "tensor") return undefined;
  const feeds = randomFeeds([{ name: input.name, type: input.type.type, dims }], { batch: 1, seed: 0 });
  try {
    const outputs = await withSession(model, { host }, (session) => session.run(feeds));
    return JSON.stringify(model.graph.outputs.map((o) => outputs[o.name]?.dims));
  } catch {
    throwIfCancelled(signal);
    return undefined;
  }
}
