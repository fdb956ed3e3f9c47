/**
 * A histogram over [−limit, limit] with a fixed number of bins whose limit doubles when a value falls
 * outside, merging bins pairwise. Feeding the same values in the same order gives the same bins.
 */
export class Histogram {
  readonly bins: Float64Array;
  #limit = 0;
  #total = 0;

  /** @param size number of bins, a multiple of four */
  constructor(size = 4096) {
    this.bins = new Float64Array(size);
  }

  /** Half width of the covered range; 0 while nothing but zeros has been seen. */
  get limit(): number {
    return this.#limit;
  }

  get total(): number {
    return this.#total;
  }

  get binWidth(): number {
    return (2 * this.#limit) / this.bins.length;
  }

  /** Value at the middle of a bin. */
  centre(bin: number): number {
    return (bin + 0.5) * this.binWidth - this.#limit;
  }

  /** Counts finite values; NaN and infinities are left to the caller's own check. */
  add(values: Float32Array): void {
    const count = values.length;
    let peak = 0;
    for (let i = 0; i < count; i++) {
      const size = Math.abs(values[i]!);
      if (size > peak && size < Infinity) peak = size;
    }
    this.#cover(peak);
    const { bins } = this;
    const half = bins.length / 2;
    const last = bins.length - 1;
    const perUnit = this.#limit === 0 ? 0 : half / this.#limit;
    let counted = 0;
    for (let i = 0; i < count; i++) {
      const position = values[i]! * perUnit + half;
      // False for NaN and infinities; the largest value lands on the upper edge of the last bin.
      if (!(position >= 0 && position <= bins.length)) continue;
      const bin = Math.min(position | 0, last);
      bins[bin] = bins[bin]! + 1;
      counted++;
    }
    this.#total += counted;
  }

  #cover(peak: number): void {
    if (peak <= this.#limit) return;
    if (this.#limit === 0) {
      this.#limit = peak;
      return;
    }
    while (this.#limit < peak) {
      const { bins } = this;
      const half = bins.length / 2;
      const merged = new Float64Array(bins.length);
      for (let i = 0; i < bins.length; i++) {
        const target = half / 2 + Math.floor(i / 2);
        merged[target] = merged[target]! + bins[i]!;
      }
      bins.set(merged);
      this.#limit *= 2;
    }
  }
}
