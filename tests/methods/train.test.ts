import { expect, test } from "vitest";
import { params } from "../../core/methods/train/params.ts";
import { planOf } from "../../core/methods/train/plan.ts";

const plan = (given: object) => planOf(params.parse(given));

test("what is zero or empty is off", () => {
  expect(plan({})).toMatchObject({
    augment: {},
    dropout: true,
    heads: [{ loss: { kind: "cross-entropy", smoothing: 0 }, target: "classes" }],
  });
  expect(plan({}).heads[0]!.loss).not.toHaveProperty("weights");
});

test("class weights, masks of spectrograms and dropout reach the engine", () => {
  const made = plan({ classWeights: [1, 2.5], frequencyMask: 6, timeMask: 20, dropout: false });
  expect(made.heads[0]!.loss).toEqual({ kind: "cross-entropy", smoothing: 0, weights: [1, 2.5] });
  expect(made.augment).toEqual({ frequencyMask: 6, timeMask: 20 });
  expect(made.dropout).toBe(false);
});

test("mixed samples have distributions as targets", () => {
  expect(plan({ mixup: 0.2, classWeights: [1, 2] }).heads[0]).toMatchObject({
    target: "probabilities",
    loss: { weights: [1, 2] },
  });
});

test("class weights are refused by losses that take none", () => {
  expect(() => plan({ loss: "bce", classWeights: [1, 2] })).toThrow(
    'Class weights are for cross-entropy; the loss is "bce".',
  );
});
