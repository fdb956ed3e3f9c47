import type { Random } from "../../base/random.ts";

export interface SpectrumMask {
  readonly frequencies: number;
  readonly times: number;
  readonly frequencyMask?: number;
  readonly timeMask?: number;
}

/** Sets one band of frequencies and one stretch of time, of random width, to 0, in every channel. */
export function maskSpectrum(sample: Float32Array, mask: SpectrumMask, random: Random): void {
  const { frequencies, times, frequencyMask = 0, timeMask = 0 } = mask;
  const band = pick(frequencies, frequencyMask, random);
  const stretch = pick(times, timeMask, random);
  for (let row = 0; row < sample.length / times; row++) {
    const frequency = row % frequencies;
    const isMasked = frequency >= band.from && frequency < band.to;
    sample.fill(0, row * times + (isMasked ? 0 : stretch.from), row * times + (isMasked ? times : stretch.to));
  }
}

function pick(size: number, widest: number, random: Random): { readonly from: number; readonly to: number } {
  const width = Math.min(size, random.integer(widest + 1));
  const from = random.integer(size - width + 1);
  return { from, to: from + width };
}
