import { describe, expect, it } from "vitest";
import { argmax, compareOutputs } from "../../core/measure/outputError.ts";

describe("compareOutputs", () => {
  it("finds no error between equal outputs", () => {
    const x = Float32Array.of(1, 2, 3, -4);
    expect(compareOutputs(x, x.slice(), 2)).toEqual({ mse: 0, sqnr: 200, cosine: 1, kl: 0, maximum: 0, agreement: 1 });
  });

  it("gives the hand-computed numbers of a small case", () => {
    const reference = Float32Array.of(0, Math.log(3));
    const actual = Float32Array.of(0, 0);
    const found = compareOutputs(reference, actual, 1);
    // softmax: [1/4, 3/4] against [1/2, 1/2].
    expect(found.kl).toBeCloseTo(0.25 * Math.log(0.5) + 0.75 * Math.log(1.5), 6);
    expect(found.mse).toBeCloseTo(Math.log(3) ** 2 / 2, 6);
    expect(found.sqnr).toBeCloseTo(0, 6);
    expect(found.maximum).toBeCloseTo(Math.log(3), 6);
    expect(found.agreement).toBe(0);
    expect(found.cosine).toBe(0);
  });

  it("measures a tenth of noise as 20 dB", () => {
    const found = compareOutputs(Float32Array.of(10, 10), Float32Array.of(11, 9), 1);
    expect(found.sqnr).toBeCloseTo(20, 9);
  });

  it("survives logits that overflow the exponential", () => {
    const found = compareOutputs(Float32Array.of(1000, 0), Float32Array.of(0, 1000), 1);
    expect(found.kl).toBeCloseTo(1000, 3);
  });

  it("refuses NaN by its value", () => {
    expect(() => compareOutputs(Float32Array.of(1, 2), Float32Array.of(1, NaN), 1)).toThrow(
      'Outputs cannot be compared: they hold "NaN".',
    );
  });

  it("refuses lengths that do not fit", () => {
    expect(() => compareOutputs(Float32Array.of(1, 2), Float32Array.of(1), 1)).toThrow(
      'Outputs of "2" and "1" elements do not compare in 1 rows.',
    );
  });

  it("takes the first of equal maxima", () => {
    expect(argmax([1, 3, 3])).toBe(1);
    expect(argmax([])).toBe(-1);
  });
});
