import { z } from "zod";
import type { ReportBlock } from "../contract/report.ts";
import { placeText, rateAfter, rateText } from "../train/fallBack.ts";
import type { Fall, RateAccount } from "../train/plan.ts";
import { courseOf } from "../train/rateTest.ts";
import { figure, listOf } from "./findingParts.ts";

/** How the trainings of a run came to their learning rates, as it is kept: of `train/plan.ts`, `RateAccount`. */
export const trainedRates = listOf(
  z.object({
    /** Of the training, for people. */
    title: z.string(),
    rate: figure,
    test: z
      .object({ rate: figure, points: listOf(z.object({ rate: figure, before: figure, loss: figure })) })
      .optional(),
    falls: listOf(z.object({ epoch: z.int(), batch: z.int(), rate: figure, cause: z.string(), to: z.int() })),
  }),
);
export type TrainedRate = z.output<typeof trainedRates>[number];

/** What is kept of a run's trainings: those whose rate was measured, or was too high. */
export function isTold({ test, falls }: RateAccount): boolean {
  return test !== undefined || falls.length > 0;
}

/** What to know of trainings that diverged. */
export function rateWarnings(trainings: readonly TrainedRate[]): readonly string[] {
  return trainings
    .filter(({ falls }) => falls.length > 0)
    .map(
      (t) =>
        `${t.title}: ${fallsText(t.falls)} The learning rate was ${rateText(rateAfter(t))} in the end; give a lower one from the start.`,
    );
}

/** Where a training diverged and what it did about it. */
export function fallsText(falls: readonly Fall[]): string {
  return falls
    .map(
      ({ epoch, batch, rate, to }) =>
        `Diverged in epoch ${epoch}, batch ${batch}, at a learning rate of ${rateText(rate)}; went back to ${placeText(to)} with a third of it.`,
    )
    .join(" ");
}

/** Beyond twice the loss a course only says that it explodes. */
const MOST_CHANGE = 100;

/** The courses of the range tests, and the rates of all trainings where one was measured or too high. */
export function rateBlocks(trainings: readonly TrainedRate[]): readonly ReportBlock[] {
  if (trainings.length === 0) return [];
  const tested = trainings.flatMap(({ title, test }) =>
    test === undefined ? [] : [{ title, rate: test.rate, points: pointsOf(test.points) }],
  );
  const [only] = tested;
  const marks = tested.length === 1 && only !== undefined ? [markOf(only)] : [];
  const chart: ReportBlock = {
    kind: "lines",
    title: "Learning rate test",
    x: { title: "Learning rate", scale: "log" },
    y: { title: "Change of the loss", unit: "%", scale: "linear" },
    series: [
      ...tested.map(({ title, rate, points }) => ({
        label: marks.length > 0 ? title : `${title}: ${rateText(rate)}`,
        points,
      })),
      ...marks,
    ],
  };
  const table: ReportBlock = {
    kind: "table",
    title: "Learning rates",
    columns: [
      { title: "Training", align: "start" },
      { title: "Learning rate", align: "end" },
      { title: "How", align: "start" },
    ],
    rows: trainings.map((training) => {
      const { title, test, falls } = training;
      const rate = rateAfter(training);
      const how = test === undefined ? "given" : `measured, by ${test.points.length} rates`;
      return [
        { text: title },
        { text: rateText(rate), value: rate },
        { text: [how, ...(falls.length > 0 ? [fallsText(falls)] : [])].join(". ") },
      ];
    }),
  };
  return [...(tested.length > 0 ? [chart] : []), table];
}

type Points = [number, number][];

/** A course in percent of the loss before, up to where it explodes. */
function pointsOf(points: Parameters<typeof courseOf>[0]): Points {
  const course = courseOf(points).map(({ rate, change }): [number, number] => [rate, 100 * change]);
  const end = course.findIndex(([, change]) => change > MOST_CHANGE);
  return end < 0 ? course : course.slice(0, end);
}

/** An upright line at the chosen rate. */
function markOf({ rate, points }: { readonly rate: number; readonly points: Points }): {
  label: string;
  points: Points;
} {
  const heights = points.map(([, y]) => y);
  return {
    label: `Chosen: ${rateText(rate)}`,
    points: [
      [rate, Math.min(0, ...heights)],
      [rate, Math.max(0, ...heights)],
    ],
  };
}
