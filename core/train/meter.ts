import type { Emit } from "../contract/event.ts";
import type { Clock } from "../base/host.ts";

export interface Meter {
  /** Tells what one batch came to, at most a few times a second. */
  batch(facts: { readonly loss: number; readonly rate: number; readonly samples: number; readonly done: number }): void;
}

/** Milliseconds between reports. */
const INTERVAL = 250;

/** Reports progress, loss, learning rate, speed, time left and memory while a training runs. */
export function startMeter(
  emit: Emit,
  clock: Clock,
  { total, done }: { readonly total: number; readonly done: number },
): Meter {
  const start = clock.milliseconds();
  let [reported, samples, since] = [start, 0, start];
  return {
    batch: (facts) => {
      samples += facts.samples;
      const now = clock.milliseconds();
      if (now - reported < INTERVAL && facts.done < total) return;
      reported = now;
      const perBatch = (now - start) / (facts.done - done);
      const metrics = {
        loss: facts.loss,
        "learning-rate": facts.rate,
        "images-per-second": (1000 * samples) / Math.max(1, now - since),
        "seconds-left": ((total - facts.done) * perBatch) / 1000,
        "memory-bytes": process.memoryUsage.rss(),
      };
      [samples, since] = [0, now];
      emit({ kind: "progress", done: facts.done, total, unit: "batches" });
      for (const [name, value] of Object.entries(metrics)) emit({ kind: "metric", name, value });
    },
  };
}
