import { toFloat32, type NdArray } from "../base/array.ts";
import { formatNumber } from "../base/format.ts";
import type { ImagePreprocessing, Preprocessing } from "../contract/preprocessing.ts";
import type { TensorView } from "../contract/samples.ts";
import type { RawSample } from "./dataset.ts";
import { prepareOne } from "./prepare.ts";
import { drawLevels, previewArray, rangeOf } from "./previews.ts";

const NAMES = { rgb: ["Red", "Green", "Blue"], bgr: ["Blue", "Green", "Red"], grey: ["Grey"] } as const;

/**
 * What a model gets for a sample, described and drawn. Colours are drawn as the model's channels 0, 1 and 2, so that a
 * wrong order shows. Throws as `prepareOne`.
 */
export async function describeTensor(sample: RawSample, p: Preprocessing, name: string): Promise<TensorView> {
  const tensor = prepareOne(sample, p, name);
  const values = toFloat32(tensor);
  const shape = tensor.dims.slice(1);
  const common = { shape, type: tensor.type, steps: stepsOf(p) };
  if (p.kind === "array") {
    const one: NdArray = { type: "float32", dims: shape, data: values };
    const preview = await previewArray(one);
    return { ...common, channels: [statisticsOf("All values", values)], pictures: [{ title: "Tensor", preview }] };
  }
  const planes = planesOf(values, p);
  const names = NAMES[p.channels];
  const { minimum, maximum } = rangeOf(values);
  const range = { low: minimum, high: maximum };
  const size = { width: p.width, height: p.height, range };
  const pictures: TensorView["pictures"] = [];
  if (planes.length === 3) {
    const title = `Channels 0–2 as red, green, blue`;
    pictures.push({ title, preview: await drawLevels(interleaved(planes), { ...size, channels: 3 }) });
  }
  for (const [c, plane] of planes.entries()) {
    pictures.push({ title: `Channel ${c}: ${names[c] ?? ""}`, preview: await drawLevels(plane, size) });
  }
  const channels = planes.map((plane, c) => statisticsOf(`${c}: ${names[c] ?? ""}`, plane));
  return { ...common, channels, pictures };
}

/** The channels of an image's tensor, one after the other, whatever its layout. */
function planesOf(values: Float32Array, { layout, height, width, channels }: ImagePreprocessing): Float32Array[] {
  const count = channels === "grey" ? 1 : 3;
  const area = height * width;
  return Array.from({ length: count }, (_, c) =>
    layout === "nchw"
      ? values.subarray(c * area, (c + 1) * area)
      : Float32Array.from({ length: area }, (__, i) => values[i * count + c]!),
  );
}

function interleaved(planes: readonly Float32Array[]): Float32Array {
  const area = planes[0]?.length ?? 0;
  const all = new Float32Array(area * planes.length);
  planes.forEach((plane, c) => {
    for (let i = 0; i < area; i++) all[i * planes.length + c] = plane[i]!;
  });
  return all;
}

function statisticsOf(name: string, values: Float32Array): TensorView["channels"][number] {
  const { minimum, maximum } = rangeOf(values);
  let sum = 0;
  for (const value of values) sum += value;
  const mean = values.length === 0 ? 0 : sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return { name, minimum, mean, deviation: Math.sqrt(squares / Math.max(1, values.length)), maximum };
}

/** What a preprocessing does, in order, in words. */
export function stepsOf(p: Preprocessing): string[] {
  const numbers = (values: readonly number[]): string => values.map((v) => formatNumber(v)).join(", ");
  const affine = [
    ...(p.scale === 1 ? [] : [`Multiply by ${scaleText(p.scale)}`]),
    ...(p.mean.some((m) => m !== 0) ? [`Subtract the mean ${numbers(p.mean)}`] : []),
    ...(p.std.some((s) => s !== 1) ? [`Divide by the deviation ${numbers(p.std)}`] : []),
  ];
  if (p.kind === "array") return [...affine, `Shape [${p.shape.join(", ")}], ${p.type}`];
  const colours = { rgb: "Red, green, blue", bgr: "Blue, green, red", grey: "Grey" }[p.channels];
  return [colours, ...fittingOf(p), ...affine, `${p.layout.toUpperCase()}, ${p.type}`];
}

/** 1/255 reads better than its digits. */
function scaleText(scale: number): string {
  const inverse = 1 / scale;
  const whole = Math.round(inverse * 2) / 2;
  return Math.abs(inverse - whole) < 1e-9 * whole ? `1/${whole}` : formatNumber(scale);
}

function fittingOf({ resize, resizeTo, height, width, interpolation, pad = 114 }: ImagePreprocessing): string[] {
  const size = `${width} × ${height}`;
  switch (resize) {
    case "none":
      return [`Centre crop to ${size}`];
    case "stretch":
      return [`Resize to ${size}, ${interpolation}`];
    case "letterbox":
      return [`Fit into ${size}, ${interpolation}; fill with level ${pad}`];
    case "shorter-side": {
      const resizing = resizeTo === undefined ? `Resize to cover ${size}` : `Resize the shorter side to ${resizeTo}`;
      return [`${resizing}, ${interpolation}`, `Centre crop to ${size}`];
    }
  }
}
