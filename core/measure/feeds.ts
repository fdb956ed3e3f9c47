import { arrayBytes, arrayFromBytes, elementCount, toFloat32, type NdArray } from "../base/array.ts";
import type { ElementType } from "../base/elementType.ts";
import { LatheError } from "../base/error.ts";
import { seededRandom, type Random } from "../base/random.ts";
import type { InputInfo } from "../runtime/feeds.ts";

export type Feeds = Readonly<Record<string, NdArray>>;

export interface RandomFeedOptions {
  /** Samples in a call; ignored by inputs whose first dimension is fixed. */
  readonly batch: number;
  readonly seed: number;
  /** Sizes of other symbols. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** Size of symbols that nothing else decides; default 16. */
  readonly otherwise?: number;
}

/**
 * Seeded inputs of the declared types: standard normal floats, and 0 or 1 for integers and booleans, which
 * every embedding and mask can take. The same input gets the same numbers in every model.
 */
export function randomFeeds(inputs: readonly InputInfo[], options: RandomFeedOptions): Feeds {
  const random = seededRandom(options.seed, "feeds");
  return Object.fromEntries(
    inputs.map((input) => [input.name, randomArray(input.type, sizesOf(input, options), random.fork(input.name))]),
  );
}

/** Sizes to try for unknown symbols: audio needs more than a few elements to pass its first window. */
export const SYMBOL_SIZES = [16, 512] as const;

/** Random feeds for each of `SYMBOL_SIZES`; one where the sizes are all known. */
export function randomChoices(inputs: readonly InputInfo[], options: RandomFeedOptions): Feeds[] {
  const [few, many] = SYMBOL_SIZES.map((otherwise) => inputs.map((i) => sizesOf(i, { ...options, otherwise })));
  const sizes = JSON.stringify(few) === JSON.stringify(many) ? SYMBOL_SIZES.slice(0, 1) : SYMBOL_SIZES;
  return sizes.map((otherwise) => randomFeeds(inputs, { ...options, otherwise }));
}

/**
 * Sizes in place of symbols: the batch for a leading symbol and one that is called so, `sizes` where it names one, 224 pixels for the
 * height and width of images, else `otherwise`.
 */
export function sizesOf({ dims }: InputInfo, { batch, sizes, otherwise = 16 }: RandomFeedOptions): number[] {
  const isImage = dims.length === 4 && [dims[1], dims[3]].some((d) => d === 1 || d === 3 || d === 4);
  return dims.map((d, axis) => {
    if (typeof d === "number") return d;
    const named = sizes !== undefined && Object.hasOwn(sizes, d) ? sizes[d] : undefined;
    if (named !== undefined) return named;
    if (axis === 0 || /^batch/i.test(d)) return batch;
    return isImage ? 224 : otherwise;
  });
}

/** Whether a call may have any number of samples: some input leads with a symbol. */
export function hasFreeBatch(inputs: readonly InputInfo[]): boolean {
  return inputs.some((i) => typeof i.dims[0] === "string");
}

function randomArray(type: ElementType, dims: readonly number[], random: Random): NdArray {
  const count = elementCount(dims);
  const fill = <T>(
    kind: { from(source: ArrayLike<unknown>, map: () => T): NdArray["data"] },
    draw: () => T,
  ): NdArray => ({
    type,
    dims,
    data: kind.from({ length: count }, draw),
  });
  const bit = (): number => random.integer(2);
  switch (type) {
    case "float32":
      return fill(Float32Array, random.normal);
    case "float64":
      return fill(Float64Array, random.normal);
    case "float16":
      return fill(Float16Array, random.normal);
    case "int64":
      return fill(BigInt64Array, () => BigInt(bit()));
    case "uint64":
      return fill(BigUint64Array, () => BigInt(bit()));
    case "int32":
      return fill(Int32Array, bit);
    case "uint32":
      return fill(Uint32Array, bit);
    case "int16":
      return fill(Int16Array, bit);
    case "uint16":
      return fill(Uint16Array, bit);
    case "int8":
      return fill(Int8Array, () => random.integer(256) - 128);
    case "uint8":
      return fill(Uint8Array, () => random.integer(256));
    case "bool":
      return fill(Uint8Array, bit);
    case "string":
      return { type, dims, data: Array.from({ length: count }, () => "") };
    default:
      throw new LatheError("unsupported", `There are no random inputs of type "${type}".`, {
        hint: "Pass inputs yourself.",
      });
  }
}

/**
 * Feeds as a model wants them: a single feed goes to a single input whatever its name, and float16 and float32
 * are converted into each other, as variants of one model differ in these.
 */
export function adaptFeeds(inputs: readonly InputInfo[], feeds: Feeds): Feeds {
  const given = Object.values(feeds);
  const only = inputs.length === 1 && given.length === 1 ? given[0] : undefined;
  const pairs = inputs.map((input): [string, NdArray] | undefined => {
    const feed = only ?? feeds[input.name];
    return feed && [input.name, convert(feed, input.type)];
  });
  return Object.fromEntries(pairs.filter((p) => p !== undefined));
}

function convert(feed: NdArray, type: ElementType): NdArray {
  if (feed.type === "float32" && type === "float16") return { ...feed, type, data: Float16Array.from(toFloat32(feed)) };
  if (feed.type === "float16" && type === "float32") return { ...feed, type, data: toFloat32(feed) };
  return feed;
}

/** An array in a form that every process boundary carries. */
export interface PackedArray {
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly bytes: Uint8Array;
}

export const packFeeds = (feeds: Feeds): Record<string, PackedArray> =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, a]) => [name, { type: a.type, dims: a.dims, bytes: arrayBytes(a) }]),
  );

export const unpackFeeds = (packed: Readonly<Record<string, PackedArray>>): Feeds =>
  Object.fromEntries(Object.entries(packed).map(([name, p]) => [name, arrayFromBytes(p.type, p.dims, p.bytes)]));
