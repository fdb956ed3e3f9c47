import { canonicalJson } from "../base/json.ts";
import type { DatasetInfo } from "../contract/dataset.ts";
import { PRESET_NAMES, type PresetName } from "../contract/presetNames.ts";
import type { ImagePreprocessing, Preprocessing } from "../contract/preprocessing.ts";
import { swapColours, withNormalisation } from "./normalise.ts";
import { PRESETS, type Normalisation } from "./presets.ts";

/** A preparation that may be the one that a model was trained with. */
export interface Candidate {
  /** Tells it from the others: "imagenet, BGR". */
  readonly name: string;
  readonly preprocessing: Preprocessing;
}

/** How images of other sizes become the model's. */
export type Geometry = Pick<ImagePreprocessing, "resize" | "resizeTo"> & { readonly name: string };

const FOR_ARRAYS: readonly PresetName[] = ["zero-one", "minus-one-one", "raw"];
const FOR_GREY: readonly PresetName[] = [...FOR_ARRAYS, "imagenet", "mnist", "fashion-mnist"];
const FOR_COLOURS: readonly PresetName[] = [...FOR_ARRAYS, "imagenet", "cifar10", "caffe"];
/** Numbers that differ by less are taken for the same; of levels in [0, 1]. */
const CLOSE = 0.01;

/**
 * The guess, and the same with each other normalisation that its type and shape allow. Inputs of whole numbers take
 * levels as they are, and rows of a table are not levels.
 * @param own mean and deviation of the samples themselves; left out where a preset has about the same
 */
export function otherNormalisations(
  guess: Preprocessing,
  { kind }: Pick<DatasetInfo, "kind">,
  own: Normalisation | undefined,
): Candidate[] {
  const isWhole = !guess.type.startsWith("float");
  const allowed = isWhole ? [] : PRESET_NAMES.filter((name) => presetsFor(guess, kind).includes(name));
  const ownToo = own !== undefined && !isWhole && !allowed.some((name) => isClose(PRESETS[name], own));
  return distinct([
    { name: nameOf(guess), preprocessing: guess },
    ...allowed.map((name) => ({ name, preprocessing: withNormalisation(guess, PRESETS[name]) })),
    ...(ownToo ? [{ name: "own", preprocessing: withNormalisation(guess, own) }] : []),
  ]);
}

function presetsFor(guess: Preprocessing, kind: DatasetInfo["kind"]): readonly PresetName[] {
  if (guess.kind === "image") return guess.channels === "grey" ? FOR_GREY : FOR_COLOURS;
  if (kind === "array") return guess.shape.length === 1 ? [] : FOR_ARRAYS;
  return FOR_GREY;
}

function nameOf(guess: Preprocessing): string {
  const is = canonicalJson(guess);
  return PRESET_NAMES.find((name) => canonicalJson(withNormalisation(guess, PRESETS[name])) === is) ?? "first guess";
}

function isClose(a: Normalisation, b: Normalisation): boolean {
  const near = (x: readonly number[], y: readonly number[]): boolean =>
    x.length === y.length && x.every((v, i) => Math.abs(v - y[i]!) < CLOSE);
  return a.scale === b.scale && near(a.mean, b.mean) && near(a.std, b.std);
}

/** Leaves the first of those that do the same. */
export function distinct(candidates: readonly Candidate[]): Candidate[] {
  const seen = new Set<string>();
  return candidates.filter(({ preprocessing }) => {
    const key = canonicalJson(preprocessing);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** The same candidates with red and blue exchanged. */
export function otherColours(candidates: readonly Candidate[]): Candidate[] {
  return candidates.flatMap(({ name, preprocessing }) => {
    if (preprocessing.kind !== "image" || preprocessing.channels === "grey") return [];
    const swapped = swapColours(preprocessing);
    return [{ name: `${name}, ${swapped.channels.toUpperCase()}`, preprocessing: swapped }];
  });
}

/** The same candidates with each of some geometries. */
export function otherGeometries(candidates: readonly Candidate[], geometries: readonly Geometry[]): Candidate[] {
  return candidates.flatMap(({ name, preprocessing }) => {
    if (preprocessing.kind !== "image") return [];
    return geometries.map((geometry) => ({
      name: `${name}, ${geometry.name}`,
      preprocessing: withGeometry(preprocessing, geometry),
    }));
  });
}

/** The same preparation with another way to its size. */
export function withGeometry(
  p: ImagePreprocessing,
  { resize, resizeTo }: Pick<Geometry, "resize" | "resizeTo">,
): ImagePreprocessing {
  const { resizeTo: _, ...rest } = p;
  return { ...rest, resize, ...(resizeTo !== undefined && { resizeTo }) };
}

/** The other ways to bring images to the model's size; none where they have it already. */
export function geometriesOf(guess: Preprocessing, { sampleShape }: Pick<DatasetInfo, "sampleShape">): Geometry[] {
  if (guess.kind !== "image" || guess.resize === "none") return [];
  const { height, width } = guess;
  const [rawHeight, rawWidth] = sampleShape ?? [];
  const isKnown = rawHeight !== undefined && rawWidth !== undefined;
  const hasShape = isKnown && rawHeight * width === rawWidth * height;
  const isLarger = isKnown && rawHeight >= height && rawWidth >= width;
  const shorter = Math.round((Math.min(height, width) * 256) / 224);
  const all: Geometry[] = [
    ...(hasShape ? [] : [{ name: "cover", resize: "shorter-side" } as const]),
    { name: "stretch", resize: "stretch" },
    ...(height === width
      ? [{ name: `shorter side ${shorter}`, resize: "shorter-side", resizeTo: shorter } as const]
      : []),
    ...(isLarger ? [{ name: "crop", resize: "none" } as const] : []),
  ];
  return all.filter(({ resize, resizeTo }) => resize !== guess.resize || resizeTo !== guess.resizeTo);
}
