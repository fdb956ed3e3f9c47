import { elementCount } from "../base/array.ts";
import type { ElementType } from "../base/elementType.ts";
import { LatheError } from "../base/error.ts";
import type { DatasetInfo } from "../contract/dataset.ts";
import { PRESET_NAMES, type PresetName } from "../contract/presetNames.ts";
import {
  preprocessing as schema,
  type ArrayPreprocessing,
  type ImagePreprocessing,
  type Preprocessing,
} from "../contract/preprocessing.ts";
import { withNormalisation } from "./normalise.ts";
import { PRESETS, type Normalisation } from "./presets.ts";

/** Key of a model's metadata that holds its preprocessing as JSON. */
export const METADATA_KEY = "lathe.preprocessing";

/** A model's input as it declares it, batch first. */
export interface ModelInput {
  readonly type: ElementType;
  readonly dims: readonly (number | string | undefined)[];
}

export interface SuggestHints {
  /** The model's metadata; its own preprocessing wins over guesses. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Name of a normalisation in `PRESETS`; wins over the metadata. */
  readonly preset?: string;
}

export interface Suggestion {
  readonly preprocessing: Preprocessing;
  /** What each choice rests on, assumptions included; whole sentences for the user. */
  readonly reasons: string[];
  /** Those of them that neither model nor data say. */
  readonly assumed: string[];
}

interface Reasons {
  readonly all: string[];
  readonly assumed: string[];
}

function assume({ all, assumed }: Reasons, text: string): void {
  all.push(text);
  assumed.push(text);
}

/**
 * Suggests how samples of a data set become the input of a model, from the input's shape and type. Sizes that the
 * model leaves open are the data's. Throws `unsupported` for inputs that no sample can fill, `invalid-model` for
 * metadata that cannot be read, `invalid-argument` for an unknown preset.
 */
export function suggestPreprocessing(input: ModelInput, info: DatasetInfo, hints: SuggestHints = {}): Suggestion {
  const preset = hints.preset === undefined ? undefined : presetNamed(hints.preset);
  const own = hints.metadata?.[METADATA_KEY];
  if (own !== undefined && preset === undefined) {
    return {
      preprocessing: readMetadata(own),
      reasons: [`The model's metadata "${METADATA_KEY}" says so.`],
      assumed: [],
    };
  }
  const isImage = info.kind === "image" && input.dims.length === 4;
  return isImage ? suggestImage(input, info, preset) : suggestArray(input, info, preset);
}

function presetNamed(name: string): PresetName {
  const found = PRESET_NAMES.find((preset) => preset === name);
  if (found !== undefined) return found;
  throw new LatheError("invalid-argument", `There is no preprocessing "${name}".`, {
    hint: `Known are ${PRESET_NAMES.join(", ")}.`,
  });
}

function readMetadata(text: string): Preprocessing {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  const { success, data, error } = schema.safeParse(json);
  if (success) return data;
  const [issue] = error.issues;
  const where = json === undefined ? "it is not JSON" : `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`;
  throw new LatheError("invalid-model", `The model's metadata "${METADATA_KEY}" is no preprocessing: "${where}".`, {
    hint: "Give a preprocessing, for instance --preprocessing zero-one.",
  });
}

const IMAGE_TYPES: readonly ElementType[] = ["float32", "float16", "uint8", "int8"];

function suggestImage(input: ModelInput, info: DatasetInfo, preset: PresetName | undefined): Suggestion {
  const type = input.type as ImagePreprocessing["type"];
  if (!IMAGE_TYPES.includes(type)) {
    throw new LatheError(
      "unsupported",
      `The model's input has type "${input.type}"; images become ${IMAGE_TYPES.join(", ")}.`,
    );
  }
  const reasons: Reasons = { all: [], assumed: [] };
  const { layout, channels, height, width } = readLayout(input, info, reasons);
  const normalisation = preset === undefined ? undefined : PRESETS[preset];
  if (channels === 3 && normalisation !== undefined && "order" in normalisation)
    reasons.all.push(`The order of channels is ${normalisation.order.toUpperCase()}, as "${preset!}" says.`);
  else if (channels === 3) assume(reasons, "The order of channels is assumed to be RGB; the file does not say it.");
  const [rawHeight, rawWidth] = info.sampleShape ?? [];
  const { resize, resizeTo } = suggestResize({ height, width, rawHeight, rawWidth }, preset, reasons);
  const plain: ImagePreprocessing = {
    kind: "image",
    channels: channels === 1 ? "grey" : "rgb",
    height,
    width,
    resize,
    ...(resizeTo === undefined ? {} : { resizeTo }),
    interpolation: "bilinear",
    scale: 1,
    mean: [],
    std: [],
    layout,
    type,
  };
  const preprocessing = withNormalisation(plain, suggestNormalisation(type, preset, reasons));
  return { preprocessing, reasons: reasons.all, assumed: reasons.assumed };
}

interface Layout {
  readonly layout: "nchw" | "nhwc";
  readonly channels: 1 | 3;
  readonly height: number;
  readonly width: number;
}

const asChannels = (dim: unknown): 1 | 3 | undefined => (dim === 1 || dim === 3 ? dim : undefined);

function readLayout(input: ModelInput, info: DatasetInfo, reasons: Reasons): Layout {
  const [, a, b, c] = input.dims;
  const first = asChannels(a);
  const last = asChannels(c);
  const shape = `[${input.dims.map((d) => d ?? "?").join(", ")}]`;
  const isOpen = typeof a !== "number" && typeof c !== "number";
  if (first === undefined && last === undefined && !isOpen) {
    throw new LatheError(
      "unsupported",
      `The model's input has shape "${shape}"; an image has 1 or 3 channels, second or last.`,
      {
        hint: "Choose array data of this shape.",
      },
    );
  }
  const layout = first === undefined && last !== undefined ? "nhwc" : "nchw";
  const [rawHeight = 224, rawWidth = 224, rawChannels = 3] = info.sampleShape ?? [];
  const channels = (layout === "nchw" ? first : last) ?? (rawChannels === 1 ? 1 : 3);
  const [h, w] = layout === "nchw" ? [b, c] : [a, b];
  const height = typeof h === "number" && h > 0 ? h : rawHeight;
  const width = typeof w === "number" && w > 0 ? w : rawWidth;
  reasons.all.push(
    `The model's input ${shape} is read as ${layout === "nchw" ? "channels first" : "channels last"}, ${channels === 1 ? "grey" : "RGB"}, ${height}×${width} pixels.`,
  );
  if (first !== undefined && last !== undefined)
    reasons.all.push("Both ends could be channels; channels first is the more frequent order.");
  if (typeof h !== "number" || typeof w !== "number") {
    reasons.all.push(
      info.sampleShape === undefined
        ? "The model leaves the size open and the images differ; 224×224 is assumed."
        : "The model leaves the size open; it is that of the images.",
    );
  }
  return { layout, channels, height, width };
}

interface Geometry {
  readonly height: number;
  readonly width: number;
  readonly rawHeight: number | undefined;
  readonly rawWidth: number | undefined;
}

function suggestResize(
  { height, width, rawHeight, rawWidth }: Geometry,
  preset: PresetName | undefined,
  reasons: Reasons,
): Pick<ImagePreprocessing, "resize" | "resizeTo"> {
  if (rawHeight === height && rawWidth === width) {
    reasons.all.push("The images have the model's size; nothing is resized.");
    return { resize: "none" };
  }
  if (preset === "imagenet" && height === width) {
    const resizeTo = Math.round((height * 256) / 224);
    reasons.all.push(
      `As ImageNet models are evaluated, the shorter side becomes ${resizeTo} and the centre ${height}×${width} is taken.`,
    );
    return { resize: "shorter-side", resizeTo };
  }
  const isSameShape = rawHeight !== undefined && rawWidth !== undefined && rawHeight * width === rawWidth * height;
  assume(
    reasons,
    isSameShape
      ? "The images are resized; their proportions are the model's."
      : "The images are resized to cover the model's input and the centre is taken.",
  );
  return { resize: isSameShape ? "stretch" : "shorter-side" };
}

function suggestNormalisation(
  type: ImagePreprocessing["type"],
  preset: PresetName | undefined,
  reasons: Reasons,
): Normalisation {
  if (preset !== undefined) {
    reasons.all.push(`Values are normalised as "${preset}" says.`);
    return PRESETS[preset];
  }
  if (type === "int8") {
    reasons.all.push("The model takes signed bytes; 128 is subtracted from each level.");
    return { scale: 1, mean: [128], std: [] };
  }
  if (type === "uint8") {
    reasons.all.push("The model takes bytes; levels go in unchanged.");
    return PRESETS.raw;
  }
  assume(
    reasons,
    `Levels are assumed to be scaled to [0, 1] without further normalisation; a model cannot say it. If accuracy is poor, try ${["imagenet", "minus-one-one", "raw"].join(", ")}.`,
  );
  return PRESETS["zero-one"];
}

const ARRAY_TYPES: readonly ElementType[] = ["float32", "float64", "int64", "int32"];

function suggestArray(input: ModelInput, info: DatasetInfo, preset: PresetName | undefined): Suggestion {
  const type = input.type as ArrayPreprocessing["type"];
  if (!ARRAY_TYPES.includes(type)) {
    throw new LatheError(
      "unsupported",
      `The model's input has type "${input.type}"; arrays become ${ARRAY_TYPES.join(", ")}.`,
    );
  }
  const [, ...dims] = input.dims;
  const given = info.sampleShape ?? [];
  const text = `[${input.dims.map((d) => d ?? "?").join(", ")}]`;
  const known = dims.filter((d) => typeof d === "number").reduce((product, d) => product * d, 1);
  const open = dims.filter((d) => typeof d !== "number").length;
  const rest = elementCount(given) / known;
  const sameRank = dims.length === given.length;
  const shape = dims.map((d, i) => (typeof d === "number" ? d : sameRank ? given[i]! : open === 1 ? rest : 0));
  const fits =
    info.sampleShape !== undefined &&
    elementCount(shape) === elementCount(given) &&
    shape.every((d) => Number.isInteger(d) && d > 0);
  if (!fits) {
    throw new LatheError(
      "unsupported",
      `The model's input has shape "${text}"; samples of "${info.path}" have shape [${given.join(", ")}].`,
      {
        hint: "Choose data of this shape.",
      },
    );
  }
  const isImage = info.kind === "image";
  const reasons: Reasons = { all: [], assumed: [] };
  reasons.all.push(
    shape.join() === given.join()
      ? `Samples go in with their shape [${shape.join(", ")}].`
      : `Samples of shape [${given.join(", ")}] are read as [${shape.join(", ")}].`,
  );
  if (preset !== undefined) reasons.all.push(`Values are normalised as "${preset}" says.`);
  else if (isImage) assume(reasons, "Levels are assumed to be scaled to [0, 1]; a model cannot say it.");
  else assume(reasons, "Values go in unchanged.");
  const plain: ArrayPreprocessing = { kind: "array", shape, scale: 1, mean: [], std: [], type };
  return {
    preprocessing: withNormalisation(plain, PRESETS[preset ?? (isImage ? "zero-one" : "raw")]),
    reasons: reasons.all,
    assumed: reasons.assumed,
  };
}
