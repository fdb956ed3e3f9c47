import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { LatheError } from "../../core/base/error.ts";
import { floatTensor } from "../../core/graph/build.ts";
import type { TrainOptions } from "../../core/train/train.ts";
import { run } from "./run.ts";
import { TRAININGS } from "./trainings.ts";

const {
  plan: early,
  options: { model },
} = TRAININGS.early;
const { heads } = early;
const late = TRAININGS.late.plan;

describe("a training that diverges", () => {
  it("goes back to the start with a third of the rate, says so, and ends", async () => {
    const { events, history, rate, bytes } = await run(early, { model });
    expect(rate).toMatchObject({ rate: 4, falls: [{ epoch: 1, rate: 4, to: 0 }] });
    const warnings = events.flatMap((e) => (e.kind === "message" && e.level === "warning" ? [e.text] : []));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /^Training diverged in epoch 1, batch \d+: the loss has grown from .* to ".*"; all weights are still finite\. It goes back to the start with a third of the learning rate, 1\.33\.$/,
    );
    expect(history.map((h) => h.epoch)).toEqual([1, 2, 3, 4]);
    expect(history[0]!.rate).toBeLessThan(4 / 3);
    expect(history.at(-1)!.loss).toBeLessThan(history[0]!.loss);
    // As if the lower rate had been given from the start.
    expect((await run({ ...early, rate: 4 / 3 }, { model })).bytes).toBe(bytes);
  });

  it("goes back to the last epoch that went well, and tells what counts", async () => {
    const told: number[][] = [];
    const onEpoch: TrainOptions["onEpoch"] = (history) => told.push(history.map((h) => h.epoch));
    const { rate, history } = await run(late, { model, onEpoch });
    expect(rate.falls).toMatchObject([{ epoch: 3, rate: 4, to: 1 }]);
    expect(history.map((h) => h.epoch)).toEqual([1, 2, 3, 4]);
    expect(history[0]!.rate).toBeGreaterThan(4 / 3);
    expect(history[1]!.rate).toBeLessThan(4 / 3);
    expect(told).toEqual([[1], [1, 2], [1, 2], [1, 2, 3], [1, 2, 3, 4]]);
  });

  it("gives up after three falls, with an account of them", async () => {
    const failure = await run({ ...early, rate: 1e20 }, { model }).catch((e: unknown) => e);
    expect(failure).toBeInstanceOf(LatheError);
    const { code, message, hint, details } = failure as LatheError;
    expect(code).toBe("numeric");
    expect(message).toMatch(/ So it had with the learning rates "1.*", "3.*", "1.*"\.$/);
    expect(hint).toMatch(/^Lower the learning rate \(it was 3,.*\) or warm up longer, or clip the gradient\.$/);
    expect(details["falls"]).toHaveLength(3);
  });

  it("does not blame the rate for weights that are not finite to begin with", async () => {
    const broken = {
      ...model,
      graph: {
        ...model.graph,
        initializers: model.graph.initializers.map((t) =>
          t.name === "head.bias" ? floatTensor(t.name, t.dims, new Float32Array(4).fill(NaN)) : t,
        ),
      },
    };
    for (const rate of [0.1, "auto"] as const) {
      const told: string[] = [];
      const failed = run(
        { heads, rate },
        { model: broken, emit: (e) => told.push(...(e.kind === "message" ? [e.text] : [])) },
      );
      await expect(failed).rejects.toThrow('Training cannot start: the constant "head.bias" holds "NaN"');
      expect(told).toEqual([]);
    }
  });

  it.each([
    ["early", early, [2, 5, 12]],
    ["late, with averages and the best epoch", { ...late, averageDecay: 0.5, keep: "best" }, [6, 20, 26]],
  ] as const)(
    "ends with the same bytes where it was stopped before, in or after its fall: %s",
    async (_, plan, stops) => {
      const folder = await mkdtemp(join(tmpdir(), "lathe-fall-"));
      try {
        const whole = await run(plan, { model });
        expect(whole.rate.falls).toHaveLength(1);
        for (const stop of stops) {
          const saving = { path: join(folder, `checkpoint-${stop}`), key: "k", batches: 1 };
          const controller = new AbortController();
          let metrics = 0;
          let now = 0;
          const stopped = run(plan, {
            model,
            saving,
            // Every batch is reported.
            host: { ...nodeHost, clock: { ...nodeHost.clock, milliseconds: () => (now += 1000) } },
            signal: controller.signal,
            emit: (event) => {
              if (event.kind === "metric" && event.name === "loss" && ++metrics === stop) controller.abort();
            },
          });
          await expect(stopped).rejects.toThrow("Cancelled.");
          const resumed = await run(plan, { model, saving });
          expect(resumed.bytes).toBe(whole.bytes);
          expect(resumed.history).toEqual(whole.history);
          expect(resumed.rate).toEqual(whole.rate);
        }
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  );
});
