import { LatheError } from "../base/error.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import type { ElementType } from "../base/elementType.ts";
import type { Host } from "../base/host.ts";
import type { Model } from "../graph/model.ts";
import { openSession, type InputInfo, type Session } from "../runtime/session.ts";
import { hasFreeBatch, randomFeeds, SYMBOL_SIZES, type Feeds, type RandomFeedOptions } from "./feeds.ts";

/** What a run showed of one value. */
export interface FoundShape {
  readonly type: ElementType;
  /** "batch" where a dimension is the batch, "4*batch" where it is four times that, "?" where it varies otherwise. */
  readonly dims: readonly (number | string)[];
  /** The dimensions of a call with `FoundShapes.samples` samples. */
  readonly sizes: readonly number[];
}

export interface FoundShapes {
  readonly values: ReadonlyMap<string, FoundShape>;
  /** Samples in a call of the shapes in `sizes`: 1, or the batch that the model fixes. */
  readonly samples: number;
}

export interface ShapeOptions {
  readonly host: Host;
  /** Inputs for a batch size, where random ones do not suit the model. */
  readonly feeds?: (batch: number) => Feeds;
  /** Sizes of symbols other than the batch. */
  readonly sizes?: Readonly<Record<string, number>>;
  readonly signal?: AbortSignal;
  /** Outputs fetched by one run, so that not all activations are held at once; default 64. */
  readonly chunk?: number;
  /** Only the sizes that `feeds` give are of interest: one run, and no dimension becomes a symbol. */
  readonly once?: true;
}

const CHUNK = 64;

/**
 * Types and shapes of all values of the main graph, constants included, found by running the model with every
 * value among its outputs, for two batch sizes. Values that the runtime cannot hand out (sequences, types that
 * its binding lacks) are missing from the result; so are those inside subgraphs.
 * @throws what loading and running the model throws
 */
export async function findShapes(model: Model, options: ShapeOptions): Promise<FoundShapes> {
  const { graph } = model;
  const values = new Map<string, FoundShape>();
  for (const t of graph.initializers) values.set(t.name, { type: t.type, dims: t.dims, sizes: t.dims });
  const outputs = new Set(graph.outputs.map((o) => o.name));
  const inner = graph.nodes.flatMap((n) => n.outputs).filter((o) => o !== "" && !outputs.has(o));
  const add = (found: ReadonlyMap<string, FoundShape>): void => found.forEach((shape, name) => values.set(name, shape));
  const whole = await observeFirst(model, [...outputs, ...inner], options).catch(() => {
    throwIfCancelled(options.signal);
  });
  if (whole !== undefined) {
    add(whole.found.values);
    return { values, samples: whole.found.samples };
  }
  // Some value cannot be handed out, or the model does not run at all, which this finds out.
  const { found: first, otherwise } = await observeFirst(model, [...outputs], options);
  add(first.values);
  add(await observeAll(model, inner, { ...options, otherwise }));
  return { values, samples: first.samples };
}

interface Attempt extends ShapeOptions {
  readonly otherwise: number;
}

async function observeFirst(
  model: Model,
  names: readonly string[],
  options: ShapeOptions,
): Promise<{ readonly found: Observed; readonly otherwise: number }> {
  const failures: unknown[] = [];
  for (const otherwise of SYMBOL_SIZES) {
    try {
      return { found: await observe(model, names, { ...options, otherwise }), otherwise };
    } catch (thrown) {
      throwIfCancelled(options.signal);
      failures.push(thrown);
    }
  }
  throw failures[0];
}

/** Splits the values until those that cannot be observed are alone, and leaves those out. */
async function observeAll(
  model: Model,
  names: readonly string[],
  options: Attempt,
): Promise<ReadonlyMap<string, FoundShape>> {
  if (names.length === 0) return new Map();
  try {
    return (await observe(model, names, options)).values;
  } catch (thrown) {
    throwIfCancelled(options.signal);
    if (names.length === 1) {
      options.host.log.write("debug", `No shape of "${names[0]!}"`, { reason: String(thrown) });
      return new Map();
    }
    const middle = Math.ceil(names.length / 2);
    const left = await observeAll(model, names.slice(0, middle), options);
    return new Map([...left, ...(await observeAll(model, names.slice(middle), options))]);
  }
}

interface Observed {
  readonly values: ReadonlyMap<string, FoundShape>;
  readonly samples: number;
}

async function observe(model: Model, names: readonly string[], options: Attempt): Promise<Observed> {
  const known = new Map(model.graph.outputs.map((o) => [o.name, o]));
  const outputs = names.map((name) => known.get(name) ?? { name });
  const watched = { ...model, graph: { ...model.graph, outputs } };
  const session = await openSession(watched, { optimization: "none" }, options.host);
  try {
    const make = options.feeds ?? defaultFeeds(session, options);
    const one = await sizesIn(session, make(1), options);
    if (options.once === true || !hasFreeBatch(session.inputs))
      return { values: fixed(one), samples: batchOf(make(1)) };
    try {
      return { values: together(one, await sizesIn(session, make(2), options)), samples: 1 };
    } catch (thrown) {
      // Declared free, but the graph inside works for one sample only.
      if (thrown instanceof LatheError && thrown.code === "cancelled") throw thrown;
      return { values: fixed(one), samples: 1 };
    }
  } finally {
    await session.close();
  }
}

function defaultFeeds(session: Session, { sizes, otherwise }: Attempt): (batch: number) => Feeds {
  return (batch) => randomFeeds(session.inputs, { batch, seed: 0, otherwise, ...(sizes && { sizes }) });
}

type Sizes = ReadonlyMap<string, { readonly type: ElementType; readonly sizes: readonly number[] }>;

async function sizesIn(session: Session, feeds: Feeds, { signal, chunk = CHUNK }: Attempt): Promise<Sizes> {
  const found = new Map(Object.entries(feeds).map(([name, feed]) => [name, { type: feed.type, sizes: feed.dims }]));
  const names = session.outputs.filter((o) => o.type !== "undefined").map((o) => o.name);
  for (let at = 0; at < names.length; at += chunk) {
    throwIfCancelled(signal);
    const results = await session.run(feeds, names.slice(at, at + chunk));
    for (const [name, { type, dims }] of Object.entries(results)) found.set(name, { type, sizes: dims });
  }
  return found;
}

const batchOf = (feeds: Feeds): number => Object.values(feeds)[0]?.dims[0] ?? 1;

function fixed(found: Sizes): Map<string, FoundShape> {
  return new Map([...found].map(([name, { type, sizes }]) => [name, { type, dims: sizes, sizes }]));
}

function together(one: Sizes, two: Sizes): Map<string, FoundShape> {
  const merged = [...one].map(([name, { type, sizes }]): [string, FoundShape] => {
    const other = two.get(name)?.sizes;
    return [
      name,
      { type, sizes, dims: sizes.map((d, i) => symbol(d, other?.length === sizes.length ? other[i] : undefined)) },
    ];
  });
  return new Map(merged);
}

function symbol(one: number, two: number | undefined): number | string {
  if (two === undefined) return "?";
  if (one === two) return one;
  if (two !== 2 * one) return "?";
  return one === 1 ? "batch" : `${one}*batch`;
}

/**
 * Random inputs of the shapes that were found, with `batch` samples where the model leaves that free.
 * @param inputs names of the model's inputs
 */
export function feedsLike({ values }: FoundShapes, inputs: readonly string[], options: RandomFeedOptions): Feeds {
  const wanted = inputs.flatMap((name): InputInfo[] => {
    const found = values.get(name);
    return found === undefined ? [] : [{ name, type: found.type, dims: scale(found, options.batch) }];
  });
  return randomFeeds(wanted, options);
}

function scale({ dims, sizes }: FoundShape, batch: number): number[] {
  return dims.map((d, i) => {
    if (typeof d === "number") return d;
    const one = sizes[i] ?? 1;
    return d.endsWith("batch") ? one * batch : one;
  });
}
