import { expect, it } from "vitest";
import { isBetter, isClearer, leadOf, type Answers } from "../../core/measure/answers.ts";

const row = (...scores: number[]): Float32Array => Float32Array.from(scores);

it("tells how far the right class leads, whatever the unit of the scores", () => {
  expect(leadOf(row(3, 1, -1, 1), 0)).toBeCloseTo(2 / Math.SQRT2, 6);
  expect(leadOf(row(300, 100, -100, 100), 0)).toBeCloseTo(2 / Math.SQRT2, 5);
  expect(leadOf(row(1003, 1001, 999, 1001), 0)).toBeCloseTo(2 / Math.SQRT2, 4);
  expect(leadOf(row(3, 1, -1, 1), 1)).toBeCloseTo(-2 / Math.SQRT2, 6);
  expect(leadOf(row(5, 5, 5), 1)).toBe(0);
  // Probabilities count as the logits that they come from.
  const logits = [2, 0, -1];
  const sum = logits.reduce((s, x) => s + Math.exp(x), 0);
  const probabilities = row(...logits.map((x) => Math.exp(x) / sum));
  expect(leadOf(probabilities, 0)).toBeCloseTo(leadOf(row(...logits), 0), 5);
  expect(leadOf(row(1, 0), 1)).toBeLessThan(0);
});

it("compares on the samples that both have answered, and asks for more than chance", () => {
  const answers = (correct: readonly number[], leads: readonly number[] = correct): Answers => ({
    count: correct.length,
    correct: Uint8Array.from(correct),
    leads: Float32Array.from(leads),
  });
  const times = (n: number, value: number): number[] => Array.from({ length: n }, () => value);
  const right = answers(times(10, 1));
  const wrong = answers(times(20, 0));
  expect(isBetter(right, wrong, 0.01)).toBe(true);
  expect(isBetter(wrong, right, 0.01)).toBe(false);
  // 2 · 2⁻¹⁰ of ten that all go one way.
  expect(isBetter(right, wrong, 0.0019)).toBe(false);
  expect(isBetter(answers(times(5, 1)), answers(times(5, 0)), 0.05)).toBe(false);
  const steady = answers(times(40, 1), times(40, 0.5));
  const clearer = answers(times(40, 1), times(40, 0.6));
  expect(isBetter(clearer, steady, 0.05)).toBe(false);
  expect(isClearer(clearer, steady, 0.05)).toBe(true);
});
