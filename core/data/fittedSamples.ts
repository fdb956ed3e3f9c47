import { throwIfCancelled } from "../base/cancel.ts";
import type { Clock } from "../base/host.ts";
import type { ImagePreprocessing, Preprocessing } from "../contract/preprocessing.ts";
import { withGeometry, type Geometry } from "./candidates.ts";
import type { Dataset, RawSample } from "./dataset.ts";
import { fitImage } from "./fit.ts";
import { preparer, type Preparer } from "./prepare.ts";

/** Samples that were decoded once and brought to the model's size in several ways, to be prepared again and again. */
export interface FittedSamples {
  /** Numbers in the data set. */
  readonly indices: Int32Array;
  /** Those that were read, as the first of the ways has them. */
  readonly samples: readonly RawSample[];
  /** Geometries in which every sample could be had. */
  readonly geometries: readonly Geometry[];
  /** Prepares any of them, by place in `indices`. */
  preparerFor(preprocessing: Preprocessing): FittedPreparer;
}

export interface FittedPreparer extends Pick<Preparer, "type" | "shape" | "size" | "allocate"> {
  prepare(place: number, into: ReturnType<Preparer["allocate"]>, offset: number): void;
}

export interface FittingOptions {
  readonly guess: Preprocessing;
  readonly geometries: readonly Geometry[];
  readonly clock: Clock;
  /** When reading stops, on that clock. */
  readonly until: number;
  readonly signal: AbortSignal;
  readonly progress?: (done: number, total: number) => void;
}

/** Samples read at a time; decoding works outside of JavaScript. */
const LANES = 4;
/** Most bytes of images that are held. */
const BUDGET = 256 << 20;

const keyOf = ({ resize, resizeTo }: Pick<Geometry, "resize" | "resizeTo">): string => `${resize} ${resizeTo ?? ""}`;

/** Reads samples in order, as many as there is time and memory for. Throws as `Dataset.read` and `fitImage`. */
export async function fitSamples(
  dataset: Dataset,
  wanted: Int32Array,
  { guess, geometries, clock, until, signal, progress }: FittingOptions,
): Promise<FittedSamples> {
  const ways = waysOf(guess, geometries);
  const bytes = guess.kind === "image" ? guess.height * guess.width * 3 * ways.length : 0;
  const most = bytes === 0 ? wanted.length : Math.max(1, Math.floor(BUDGET / bytes));
  const indices = wanted.slice(0, most);
  const held = new Map(ways.map((way) => [keyOf(way), [] as RawSample[]]));
  const lost = new Set<string>();
  let next = 0;
  let done = 0;
  let isOver = false;
  const read = async (place: number): Promise<void> => {
    const index = indices[place]!;
    const raw = dataset.view?.(index) ?? (await dataset.read(index));
    for (const way of ways) {
      if (lost.has(keyOf(way))) continue;
      try {
        held.get(keyOf(way))![place] = fitted(raw, way, dataset.name(index));
      } catch (thrown) {
        // Of the guess it is a mistake in the data; other ways are simply none.
        if (way === ways[0]) throw thrown;
        lost.add(keyOf(way));
      }
    }
    progress?.(++done, indices.length);
  };
  const lane = async (): Promise<void> => {
    try {
      while (!isOver && next < indices.length && (next === 0 || clock.milliseconds() < until)) {
        throwIfCancelled(signal);
        await read(next++);
      }
    } finally {
      isOver = true;
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const samplesOf = (p: Preprocessing): readonly RawSample[] =>
    held.get(p.kind === "image" ? keyOf(p) : keyOf(ways[0]!)) ?? [];
  return {
    indices: indices.subarray(0, done),
    samples: samplesOf(guess),
    geometries: geometries.filter((geometry) => !lost.has(keyOf(geometry))),
    preparerFor: (preprocessing) => {
      const samples = samplesOf(preprocessing);
      // They have the model's size already.
      const { type, shape, size, allocate, prepare } = preparer(
        preprocessing.kind === "image" ? withGeometry(preprocessing, { resize: "none" }) : preprocessing,
      );
      return {
        type,
        shape,
        size,
        allocate,
        prepare: (place, into, offset) =>
          prepare(samples[place]!, { into, offset, name: dataset.name(indices[place]!) }),
      };
    },
  };
}

type Way = Pick<Geometry, "resize" | "resizeTo"> & { readonly preprocessing: ImagePreprocessing | undefined };

function waysOf(guess: Preprocessing, geometries: readonly Geometry[]): Way[] {
  if (guess.kind === "array") return [{ resize: "none", preprocessing: undefined }];
  return [guess, ...geometries].map((geometry) => {
    const { resize, resizeTo } = geometry;
    return { resize, ...(resizeTo !== undefined && { resizeTo }), preprocessing: withGeometry(guess, geometry) };
  });
}

function fitted(raw: RawSample, { preprocessing }: Way, name: string): RawSample {
  return preprocessing === undefined || raw.kind === "array" ? raw : fitImage(raw, preprocessing, name);
}
