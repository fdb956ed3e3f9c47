import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { chooseRate, RATE_TEST_UPDATES, type RatePoint } from "../../core/train/rateTest.ts";
import { seededRandom } from "../../core/base/random.ts";
import { smallNet } from "./models.ts";
import { stripes } from "./pictures.ts";
import { run } from "./run.ts";

/** A course over the rates of a test, in noise that grows with the rate, of samples that differ as much as losses do. */
function course(lossAt: (rate: number, before: number) => number, noise = 0.02): readonly RatePoint[] {
  const random = seededRandom(1, "course");
  return Array.from({ length: RATE_TEST_UPDATES }, (_, i): RatePoint => {
    const rate = 1e-6 * 1e6 ** (i / (RATE_TEST_UPDATES - 1));
    const before = 1 + 0.2 * random.normal();
    return { rate, before, loss: lossAt(rate, before) + noise * Math.min(1, 10 * rate) * random.normal() };
  });
}

it("chooses below the rate from which on the loss of a fresh net rises again", () => {
  const rate = chooseRate(course((r, before) => before - Math.min(0.8, 20 * r) + 10 * Math.max(0, r - 0.1)));
  expect(rate).toBeGreaterThan(0.02);
  expect(rate).toBeLessThan(0.05);
});

it("chooses below the rate that harms a net that has nothing left to learn", () => {
  const rate = chooseRate(course((r, before) => before + 5 * Math.max(0, r - 0.01), 0.002));
  expect(rate).toBeGreaterThan(0.002);
  expect(rate).toBeLessThan(0.006);
});

it("does not look behind an explosion, nor average it with what was before", () => {
  const rate = chooseRate(
    course((r, before) => (r > 0.05 ? 1e9 : before - Math.min(0.5, 100 * r))).filter((p) => p.rate < 0.07),
  );
  expect(rate).toBeGreaterThan(0.01);
  expect(rate).toBeLessThan(0.05 / 3 + 0.001);
});

it("takes the lowest rate where even that explodes", () => {
  expect(chooseRate(course(() => 1e9))).toBe(1e-6);
});

const plan = { augment: { crop: 1, flip: true }, accumulate: 2, batch: 16, averageDecay: 0.9 } as const;

it("leaves no trace: the bytes are those of the same rate given", async () => {
  const measured = await run({ ...plan, rate: "auto" });
  const { rate, test, falls } = measured.rate;
  expect(test?.rate).toBe(rate);
  expect(falls).toEqual([]);
  const given = await run({ ...plan, rate });
  expect(given.rate).toEqual({ rate, falls: [] });
  expect(measured.bytes).toBe(given.bytes);
  expect(measured.history).toEqual(given.history);
});

it("measures the same for the same seed, and looks at other samples for another", async () => {
  const [one, two, other] = [
    await run({ rate: "auto", epochs: 1 }),
    await run({ rate: "auto", epochs: 1 }),
    await run({ rate: "auto", epochs: 1 }, { seed: 2 }),
  ];
  expect(two.rate).toEqual(one.rate);
  expect(other.rate.test).not.toEqual(one.rate.test);
});

it("finds a rate with which a small net learns, also where there are few samples", async () => {
  for (const batchNorm of [true, false]) {
    const model = smallNet({ classes: 4, batchNorm });
    const { history, rate } = await run({ rate: "auto", epochs: 8 }, { model });
    expect(rate.rate).toBeGreaterThan(0.03);
    expect(history.at(-1)!.accuracy).toBeGreaterThan(0.9);
  }
  const few = await run({ rate: "auto", epochs: 2 }, { training: stripes(40) });
  expect(few.rate.test?.points.length).toBeGreaterThan(RATE_TEST_UPDATES / 2);
});

it("is not repeated by a training that goes on", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lathe-rate-"));
  const saving = { path: join(folder, "checkpoint"), key: "k" };
  try {
    const whole = await run({ rate: "auto" });
    const controller = new AbortController();
    const stopped = run(
      { rate: "auto" },
      {
        saving,
        signal: controller.signal,
        emit: (event) => {
          if (event.kind === "stage" && event.name.startsWith("Epoch")) controller.abort();
        },
      },
    );
    await expect(stopped).rejects.toThrow("Cancelled.");
    const resumed = await run({ rate: "auto" }, { saving });
    const stages = resumed.events.flatMap((e) => (e.kind === "stage" ? [e.name] : []));
    expect(stages).not.toContain("Measuring the learning rate");
    expect(resumed.rate).toEqual(whole.rate);
    expect(resumed.bytes).toBe(whole.bytes);
  } finally {
    await rm(folder, { recursive: true });
  }
});
