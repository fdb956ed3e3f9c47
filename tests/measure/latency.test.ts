import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { latency, memory } from "../../core/contract/measurement.ts";
import { summarise, timeInTurns } from "../../core/measure/latency.ts";
import { measureMemory } from "../../core/measure/memory.ts";
import { measureVariants } from "../../core/measure/variants.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { openTimedRun } from "../../core/runtime/timedRun.ts";
import { linear, rows } from "../runtime/models.ts";

describe("timeInTurns", () => {
  const record = async (seed: number): Promise<string> => {
    let order = "";
    const candidate = (id: string, time: number): { id: string; run: () => number } => ({
      id,
      run: () => {
        order += id;
        return time;
      },
    });
    await timeInTurns([candidate("a", 1), candidate("b", 2), candidate("c", 3)], { warmup: 1, runs: 10, seed });
    return order;
  };

  it("lets every candidate run once in each round", async () => {
    const order = await record(1);
    const rounds = order.match(/.{3}/g) ?? [];
    expect(rounds).toHaveLength(11);
    expect(new Set(rounds.map((r) => Array.from(r).sort().join("")))).toEqual(new Set(["abc"]));
    expect(new Set(rounds).size).toBeGreaterThan(1);
  });

  it("draws the same order from the same seed", async () => {
    expect(await record(5)).toBe(await record(5));
    expect(await record(5)).not.toBe(await record(6));
  });

  it("does not count the warm-up", async () => {
    const times = await timeInTurns([{ id: "a", run: () => 1 }], { warmup: 7, runs: 3, seed: 0 });
    expect(times).toEqual({ a: [1, 1, 1] });
  });

  it("stops in time, but not before twenty rounds", async () => {
    const times = await timeInTurns([{ id: "a", run: () => 1000 }], { warmup: 0, runs: 100, seconds: 1, seed: 0 });
    expect(times["a"]).toHaveLength(20);
  });

  it("can be cancelled", async () => {
    const signal = AbortSignal.abort();
    const work = timeInTurns([{ id: "a", run: () => 1 }], { warmup: 1, runs: 1, seed: 0, signal });
    await expect(work).rejects.toThrow("Cancelled.");
  });

  it("refuses to time nothing", async () => {
    await expect(timeInTurns([], { warmup: 0, runs: 1, seed: 0 })).rejects.toThrow(
      'Nothing to time: 0 models, "1" runs.',
    );
  });
});

describe("summarise", () => {
  it("gives median, interval, 95th percentile and minimum", () => {
    const facts = { device: "d", provider: "cpu", threads: 1, batch: 1, warmup: 0, interleaved: true };
    const times = Array.from({ length: 20 }, (_, i) => 20 - i);
    expect(summarise(times, facts)).toEqual({
      ...facts,
      runs: 20,
      median: 10.5,
      medianInterval: { low: 6, high: 15, level: 0.95 },
      p95: 19.05,
      minimum: 1,
    });
  });
});

describe("in a process of its own", () => {
  let folder = "";
  let path = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lathe-test-"));
    path = join(folder, "m.onnx");
    await writeFile(path, encodeModel(linear()));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("several models are timed in turns", async () => {
    const files = [
      { id: "a", path },
      { id: "b", path },
    ];
    const found = await measureVariants({ files, session: { threads: 1 }, batch: 4, warmup: 2, runs: 25, seed: 1 });
    expect(Object.keys(found).sort()).toEqual(["a", "b"]);
    for (const one of Object.values(found)) {
      const { batch, runs, threads, interleaved, provider } = latency.parse(one);
      expect({ batch, runs, threads, interleaved, provider }).toEqual({
        batch: 4,
        runs: 25,
        threads: 1,
        interleaved: true,
        provider: "cpu",
      });
      expect(one.minimum).toBeGreaterThan(0);
      expect(one.medianInterval.low).toBeLessThanOrEqual(one.median);
      expect(one.medianInterval.high).toBeGreaterThanOrEqual(one.median);
    }
  });

  it("given samples go in whatever the input's name", async () => {
    const task = { files: [{ id: "a", path }], session: {}, batch: 1, warmup: 0, runs: 1, seed: 1 };
    const found = await measureVariants({ ...task, feeds: { anything: rows(1, 2) } });
    expect(found["a"]?.interleaved).toBe(false);
    const wrong = measureVariants({
      ...task,
      feeds: { x: { type: "float32", dims: [1, 3], data: new Float32Array(3) } },
    });
    await expect(wrong).rejects.toThrow(`Input "x" of "${path}" wants float32[N,2], was given "float32[1,3]".`);
  });

  it("failures keep their text", async () => {
    const files = [{ id: "a", path: join(folder, "none.onnx") }];
    const work = measureVariants({ files, session: {}, batch: 1, warmup: 0, runs: 1, seed: 1 });
    await expect(work).rejects.toThrow(`ONNX Runtime cannot load "${join(folder, "none.onnx")}": `);
  });

  it("the same id twice is refused", async () => {
    const files = [
      { id: "a", path },
      { id: "a", path },
    ];
    const work = measureVariants({ files, session: {}, batch: 1, warmup: 0, runs: 1, seed: 1 });
    await expect(work).rejects.toThrow("Two models to be timed have the same id.");
  });

  it("memory is at least what the runtime takes alone", async () => {
    const found = memory.parse(await measureMemory(path, { session: { threads: 1 }, batch: 8, seed: 1, processes: 1 }));
    expect(found.batch).toBe(8);
    expect(found.peak).toBeGreaterThanOrEqual(found.floor);
    expect(found.floor).toBeGreaterThan(2 ** 20);
  });

  it("a timed run is closed for good", () => {
    const timed = openTimedRun(path, { feeds: () => ({ x: rows(1, 1) }) });
    expect(timed.run()).toBeGreaterThan(0);
    timed.close();
    timed.close();
    expect(() => timed.run()).toThrow(`The session of "${path}" is closed.`);
  });
});
