import type { ArrayPreprocessing, ImagePreprocessing, Preprocessing } from "../contract/preprocessing.ts";
import type { Normalisation } from "./presets.ts";

/** The same preparation with other numbers; those given for colours are averaged where there is one channel. */
export function withNormalisation(p: Preprocessing, normalisation: Normalisation): Preprocessing {
  return p.kind === "image" ? ofImage(p, normalisation) : ofArray(p, normalisation);
}

function ofImage(p: ImagePreprocessing, { scale, mean, std, order }: Normalisation): ImagePreprocessing {
  const channels = p.channels === "grey" ? "grey" : (order ?? p.channels);
  const fill = (values: readonly number[], absent: number): number[] => {
    const count = channels === "grey" ? 1 : 3;
    if (values.length !== count) return Array.from({ length: count }, () => average(values) ?? absent);
    return channels === "bgr" ? values.toReversed() : [...values];
  };
  return { ...p, channels, scale, mean: fill(mean, 0), std: fill(std, 1) };
}

/** Elements of the last axis have their own numbers where there are as many. */
function ofArray(p: ArrayPreprocessing, { scale, mean, std }: Normalisation): ArrayPreprocessing {
  const last = p.shape.at(-1) ?? 1;
  const fit = (values: readonly number[]): number[] =>
    values.length === last || values.length <= 1 ? [...values] : [average(values)!];
  return { ...p, scale, mean: fit(mean), std: fit(std) };
}

/** The same preparation with red and blue exchanged. */
export function swapColours(p: ImagePreprocessing): ImagePreprocessing {
  if (p.channels === "grey") return p;
  const [mean, std] = [p.mean.toReversed(), p.std.toReversed()];
  return { ...p, channels: p.channels === "rgb" ? "bgr" : "rgb", mean, std };
}

function average(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, v) => sum + v, 0) / values.length;
}
