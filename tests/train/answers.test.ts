import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { toFloat32 } from "../../core/base/array.ts";
import type { ProgressEvent } from "../../core/contract/event.ts";
import { collectAnswers, type AnswerOptions, type Answers } from "../../core/train/answers.ts";
import { augmentBatch } from "../../core/train/augment/augment.ts";
import { openTeacher, type Teacher } from "../../core/train/teacher.ts";
import { smallNet } from "./models.ts";
import { stripes } from "./pictures.ts";

const signal = new AbortController().signal;
const samples = stripes(70);
const augment = { crop: 1, flip: true };

let teacher: Teacher;
let cache: string;
let asked: number;
beforeEach(async () => {
  cache = join(await mkdtemp(join(tmpdir(), "lathe-answers-")), "cache");
  teacher = await openTeacher(smallNet({ classes: 4 }), { session: { threads: 1 }, host: nodeHost, signal });
  asked = 0;
});
afterEach(async () => {
  await teacher.close();
  await rm(join(cache, ".."), { recursive: true, force: true });
});

interface Collected extends Answers {
  readonly events: readonly ProgressEvent[];
}

async function collect(options: Partial<AnswerOptions> = {}): Promise<Collected> {
  const events: ProgressEvent[] = [];
  const answers = await collectAnswers({
    samples,
    augment,
    seed: 1,
    views: 2,
    top: 0,
    batch: 32,
    teacher: () => {
      asked++;
      return Promise.resolve(teacher);
    },
    key: { teacher: "t" },
    cache,
    host: nodeHost,
    signal,
    emit: (e) => events.push(e),
    ...options,
  });
  return { ...answers, events };
}

const all = (answers: Answers, view: number): number[] =>
  Array.from(answers.logits(samples.indices, view).data as Float32Array);

describe("a teacher's kept answers", () => {
  it("are what it says about the batches that a training sees", async () => {
    const answers = await collect();
    expect([answers.found, answers.asked, answers.bytes]).toEqual([0, 2, 2 * 70 * 4 * 4]);
    const order = Int32Array.from(samples.indices).reverse();
    for (const view of [0, 1]) {
      for await (const batch of samples.select(order).batches(16, signal)) {
        augmentBatch(batch, augment, { seed: 1, epoch: view, preprocessing: samples.preprocessing });
        const [said] = await teacher.ask(batch.input);
        const kept = answers.logits(batch.indices, view);
        expect(kept.dims).toEqual([batch.indices.length, 4]);
        const gap = Math.max(...toFloat32(said!).map((x, i) => Math.abs(x - (kept.data as Float32Array)[i]!)));
        expect(gap).toBeLessThan(1e-5);
      }
    }
    expect(all(answers, 2)).toEqual(all(answers, 0));
    expect(all(answers, 1)).not.toEqual(all(answers, 0));
  });

  it("are found again, without the teacher, by all that decides on them", async () => {
    const first = await collect();
    asked = 0;
    const second = await collect();
    expect([second.found, second.asked, asked]).toEqual([2, 0, 0]);
    expect(all(second, 1)).toEqual(all(first, 1));
    const more = await collect({ views: 3 });
    expect([more.found, more.asked]).toEqual([2, 1]);
    for (const other of [
      { seed: 2 },
      { key: { teacher: "u" } },
      { augment: { crop: 1 } },
      { top: 2 },
      { samples: stripes(70, 2) },
      { samples: samples.select(samples.indices.slice(1)) },
    ]) {
      expect((await collect(other)).found).toBe(0);
    }
    expect((await collect({ samples: { ...samples, fingerprint: undefined } })).found).toBe(0);
  });

  it("do not depend on the seed where nothing is augmented", async () => {
    await collect({ augment: {}, views: 1 });
    expect((await collect({ augment: {}, views: 1, seed: 9 })).found).toBe(1);
  });

  it("keep the highest classes exactly, and their share of the whole", async () => {
    const [whole, top] = [await collect(), await collect({ top: 2 })];
    expect(top.bytes).toBe(2 * 70 * (2 * 4 + 2 * 4 + 4));
    for (let row = 0; row < 70; row++) {
      const [a, b] = [whole, top].map((x) => all(x, 0).slice(row * 4, row * 4 + 4));
      const order = a!.map((_, c) => c).sort((c, d) => a![d]! - a![c]!);
      for (const c of order.slice(0, 2)) expect(b![c]).toBe(a![c]);
      expect(b![order[2]!]).toBe(b![order[3]!]);
      const sum = (x: readonly number[]): number => x.reduce((s, v) => s + Math.exp(v), 0);
      expect(sum(b!) / sum(a!)).toBeCloseTo(1, 5);
    }
  });

  it("are collected again where a file is damaged", async () => {
    const first = await collect();
    const [name] = await readdir(cache);
    const bytes = await readFile(join(cache, name!));
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(join(cache, name!), bytes);
    const again = await collect();
    expect([again.found, again.asked]).toEqual([1, 1]);
    const warnings = again.events.flatMap((e) => (e.kind === "message" ? [e.text] : []));
    expect(warnings).toEqual([`The teacher is asked again: The checkpoint "${join(cache, name!)}" is damaged.`]);
    expect(all(again, 0)).toEqual(all(first, 0));
    expect((await collect()).found).toBe(2);
  });
});
