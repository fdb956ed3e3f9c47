import { describe, expect, it } from "vitest";
import { nodeHost as host } from "../../core/app/nodeHost.ts";
import { accuracy } from "../../core/contract/measurement.ts";
import type { ProgressEvent } from "../../core/contract/event.ts";
import { floatTensor, graph, model, node, value } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import {
  compareWithBaseline,
  measureAccuracy,
  type AccuracyOptions,
  type MeasuredAccuracy,
} from "../../core/measure/accuracy.ts";
import { withSession } from "../../core/runtime/session.ts";
import type { SampleStream } from "../../core/data/batches.ts";

/** Passes scores through: what the samples say is what the model says. */
function echo(classes: number, batch: number | string = "N"): Model {
  return model(
    graph({
      inputs: [value("x", "float32", [batch, classes])],
      outputs: [value("y", "float32", [batch, classes])],
      nodes: [node("Add", [["x", "zero"], ["y"]])],
      initializers: [floatTensor("zero", [classes], new Float32Array(classes))],
    }),
  );
}

/** A stream of ready-made score rows; sample i has the number 10 + i. */
function streamOf(
  rows: readonly (readonly number[])[],
  labels: readonly number[] | undefined,
  names: readonly string[],
): SampleStream {
  const width = rows[0]?.length ?? 1;
  return {
    count: rows.length,
    classes: labels && names,
    indices: Int32Array.from(rows, (_, i) => 10 + i),
    preprocessing: { kind: "array", shape: [width], scale: 1, mean: [0], std: [1], type: "float32" },
    select: (others) => {
      const at = Array.from(others, (index) => index - 10);
      return streamOf(
        at.map((i) => rows[i]!),
        labels && at.map((i) => labels[i]!),
        names,
      );
    },
    async *batches(size) {
      for (let at = 0; at < rows.length; at += size) {
        const part = await Promise.resolve(rows.slice(at, at + size));
        yield {
          indices: Int32Array.from(part, (_, i) => 10 + at + i),
          input: { type: "float32", dims: [part.length, width], data: Float32Array.from(part.flat()) },
          labels: labels && Int32Array.from(labels.slice(at, at + size)),
        };
      }
    },
  };
}

const measure = (
  source: Model,
  stream: SampleStream,
  options: Partial<AccuracyOptions> = {},
): Promise<MeasuredAccuracy> =>
  withSession(source, { host }, (session) => measureAccuracy(session, stream, { split: "test", batch: 2, ...options }));

const THREE = ["ant", "bee", "cat"];
const SCORES = [
  [3, 1, 0],
  [0, 2, 1],
  [5, 0, 9],
];

describe("measureAccuracy", () => {
  it("counts what is right, in all and per class", async () => {
    const found = await measure(echo(3), streamOf(SCORES, [0, 2, 2], THREE));
    expect(accuracy.parse(found.accuracy)).toEqual(found.accuracy);
    expect(found.accuracy.top1).toBeCloseTo(2 / 3, 12);
    expect(found.accuracy.top5).toBeUndefined();
    expect(found.accuracy.perClass).toEqual([
      { label: "ant", samples: 1, correct: 1 },
      { label: "bee", samples: 0, correct: 0 },
      { label: "cat", samples: 2, correct: 1 },
    ]);
    expect([...found.predictions]).toEqual([0, 1, 2]);
    expect([...found.indices]).toEqual([10, 11, 12]);
    expect(found.confidence[0]).toBeCloseTo(Math.exp(3) / (Math.exp(3) + Math.exp(1) + 1), 6);
  });

  it("takes probabilities as they are", async () => {
    const found = await measure(echo(3), streamOf([[0.7, 0.2, 0.1]], [0], THREE));
    expect(found.confidence[0]).toBeCloseTo(0.7, 6);
  });

  it("counts the five best where there are more than five classes", async () => {
    const names = ["a", "b", "c", "d", "e", "f", "g"];
    const falling = [7, 6, 5, 4, 3, 2, 1];
    const found = await measure(echo(7), streamOf([falling, falling, falling], [0, 4, 5], names));
    expect(found.accuracy.top1).toBeCloseTo(1 / 3, 12);
    expect(found.accuracy.top5).toBeCloseTo(2 / 3, 12);
  });

  it("breaks ties by the class number, in top-1 and top-5 alike", async () => {
    const names = ["a", "b", "c", "d", "e", "f"];
    const found = await measure(
      echo(6),
      streamOf(
        [
          [1, 1, 1, 1, 1, 1],
          [1, 1, 1, 1, 1, 1],
        ],
        [0, 5],
        names,
      ),
    );
    expect(found.accuracy.top1).toBe(0.5);
    expect(found.accuracy.top5).toBe(0.5);
  });

  it("fills up the last batch of a model with a fixed one", async () => {
    const found = await measure(echo(3, 2), streamOf(SCORES, [0, 1, 2], THREE));
    expect(found.accuracy.samples).toBe(3);
    expect(found.accuracy.top1).toBe(1);
  });

  it("tells how far it is", async () => {
    const events: ProgressEvent[] = [];
    await measure(echo(3), streamOf(SCORES, [0, 1, 2], THREE), { emit: (event) => events.push(event) });
    expect(events).toEqual([
      { kind: "progress", done: 2, total: 3, unit: "samples" },
      { kind: "progress", done: 3, total: 3, unit: "samples" },
    ]);
  });

  it("can be cancelled", async () => {
    const work = measure(echo(3), streamOf(SCORES, [0, 1, 2], THREE), { signal: AbortSignal.abort() });
    await expect(work).rejects.toThrow("Cancelled.");
  });
});

describe("accuracy is refused", () => {
  it("without labels", async () => {
    await expect(measure(echo(3), streamOf(SCORES, undefined, []))).rejects.toThrow(
      "The data set has no labels, so there is no accuracy to measure.",
    );
  });

  it("without samples", async () => {
    await expect(measure(echo(3), streamOf([], [], THREE))).rejects.toThrow(
      "The test split is empty, so there is no accuracy to measure.",
    );
  });

  it("where outputs and classes differ", async () => {
    await expect(measure(echo(3), streamOf(SCORES, [0, 1, 2], ["ant", "bee"]))).rejects.toMatchObject({
      code: "invalid-data",
      message: `The model's output "y" has "3" values per sample, but the data set has 2 classes.`,
      hint: "Use the data set that the model was trained for, or a model with one output per class.",
    });
  });

  it("for NaN, naming the samples", async () => {
    await expect(
      measure(
        echo(3),
        streamOf(
          [
            [1, 2, 3],
            [1, NaN, 3],
          ],
          [0, 1],
          THREE,
        ),
      ),
    ).rejects.toMatchObject({
      code: "numeric",
      message: `Samples 10 to 11: output "y" holds "NaN" at index 4 of shape [2,3].`,
    });
  });

  it("for a label that no class has", async () => {
    await expect(measure(echo(3), streamOf(SCORES, [0, 1, 7], THREE))).rejects.toThrow(
      'Sample 12 has the label "7", but there are 3 classes.',
    );
  });

  it("for shapes that the model does not take", async () => {
    await expect(measure(echo(4), streamOf(SCORES, [0, 1, 2], THREE))).rejects.toThrow(
      'Input "x" of the model wants float32[N,4], was given "float32[2,3]".',
    );
  });
});

describe("compareWithBaseline", () => {
  const of = (
    predictions: readonly number[],
    indices = predictions.map((_, i) => i),
  ): Omit<MeasuredAccuracy, "accuracy"> => ({
    indices: Int32Array.from(indices),
    labels: Int32Array.of(0, 1, 2, 0),
    predictions: Int32Array.from(predictions),
    confidence: new Float32Array(4),
  });

  it("tells gained from lost and from merely different", () => {
    const baseline = { variant: "base", ...of([0, 1, 0, 1]) };
    expect(compareWithBaseline(baseline, of([0, 0, 2, 2]))).toEqual({
      variant: "base",
      disagree: 3,
      gained: 1,
      lost: 1,
      indices: [1, 2, 3],
    });
  });

  it("refuses other samples", () => {
    const baseline = { variant: "base", ...of([0, 1, 0, 1], [0, 1, 2, 9]) };
    expect(() => compareWithBaseline(baseline, of([0, 1, 0, 1]))).toThrow(
      'The baseline "base" was measured on other samples.',
    );
  });
});
