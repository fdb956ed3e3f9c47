import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { hash } from "../../core/base/hash.ts";
import type { Json } from "../../core/base/json.ts";
import type { Model } from "../../core/graph/model.ts";
import { findMethod } from "../../core/methods/catalogue.ts";
import type { DistillFindings } from "../../core/methods/distillFindings.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { smallNet } from "../train/models.ts";
import { stripes } from "../train/pictures.ts";
import { runLesson, stripeSplit, trainedNet, type LessonOptions } from "./lesson.ts";

const ID = "distill-logits";
const student = smallNet({ classes: 4, widths: [6, 8] });
const FAST = { epochs: 3, batch: 32, rate: 0.05, teacher: "t", baseline: false };

let teacher: Model;
beforeAll(async () => {
  teacher = await trainedNet();
}, 60_000);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lathe-distill-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Ran {
  readonly model: Model;
  readonly findings: DistillFindings;
  readonly warnings: readonly string[];
  readonly bytes: string;
}

async function run(params: Readonly<Record<string, Json>>, options: LessonOptions = {}): Promise<Ran> {
  const open = (): Promise<Model> => Promise.resolve(teacher);
  const ran = await runLesson(ID, { ...FAST, ...params }, { model: student, open, ...options });
  const { model, findings, warnings } = ran;
  return { model, warnings, findings: findings as unknown as DistillFindings, bytes: hash(encodeModel(model)) };
}

const accuracyOf = ({ findings }: Ran): number => findings.scores!.scores[0]!.accuracy;

describe("a distilled student", () => {
  it.each<[string, Readonly<Record<string, Json>>]>([
    ["answers and labels", { teacherWeight: 0.5 }],
    ["answers alone", { teacherWeight: 1 }],
    ["Jensen–Shannon and mirrored pictures", { teacherWeight: 1, loss: "js", flip: true, temperature: 2 }],
    ["kept views", { flip: true, views: 2 }],
    ["the highest answers", { flip: true, views: 2, top: 2 }],
  ])("learns from %s", async (_, params) => {
    const ran = await run({ epochs: 8, ...params });
    expect(accuracyOf(ran)).toBeGreaterThan(0.65);
    expect(ran.model.graph.outputs.map((o) => o.name)).toEqual(["logits"]);
  });

  it("stands beside the undistilled one, its teacher, and what it was", async () => {
    const { findings, warnings } = await run({ baseline: true });
    const { scores, plain, history, samples } = findings;
    expect(scores!.scores.map((s) => s.label)).toEqual([
      "distilled student",
      "undistilled student, trained as long",
      "teacher",
      "student before",
    ]);
    expect([history.length, plain.length]).toEqual([3, 3]);
    expect(samples).toEqual({ labelled: 256, unlabelled: 0 });
    const [own, undistilled] = scores!.scores;
    expect(undistilled!.difference!.value).toBeCloseTo(own!.accuracy - undistilled!.accuracy, 12);
    const isClear = undistilled!.difference!.interval.low > 0;
    expect(
      warnings.includes(
        "The distilled student is not clearly better than the same student trained on the labels alone.",
      ),
    ).toBe(!isClear);
    const method = await findMethod(ID);
    const blocks = method.report(findings, FAST);
    expect(blocks.map((b) => b.kind)).toEqual(["facts", "table", "lines"]);
  });

  it("is the undistilled one where it is trained alone", async () => {
    const { findings } = await run({ baseline: true, crop: 1 });
    const alone = await runLesson(
      "train",
      { epochs: 3, batch: 32, rate: 0.05, weightDecay: 5e-4, crop: 1 },
      { model: student },
    );
    const { history } = alone.findings as unknown as DistillFindings;
    expect(findings.plain).toEqual(history);
  });

  it("is the same with kept answers as with a teacher that is always there", async () => {
    const online = await run({ crop: 1, flip: true });
    const cache = join(folder, "cache");
    const kept = await run({ crop: 1, flip: true, views: 3 }, { cache });
    const again = await run({ crop: 1, flip: true, views: 3 }, { cache });
    expect(kept.bytes).toBe(online.bytes);
    expect(again.bytes).toBe(online.bytes);
    expect([kept.findings.answers!.asked, again.findings.answers!.asked]).toEqual([3, 0]);
    // Another student asks nothing either.
    const model = smallNet({ classes: 4, widths: [4, 4] });
    expect((await run({ crop: 1, flip: true, views: 3, epochs: 5 }, { cache, model })).findings.answers).toMatchObject({
      found: 3,
      asked: 0,
    });
  });

  it("gives the same bytes for the same seed, and goes on to them after an interruption", async () => {
    const params = { crop: 1, views: 2, baseline: true };
    const whole = await run(params);
    expect((await run(params)).bytes).toBe(whole.bytes);
    const [work, cache] = [{ folder: join(folder, "work"), key: "k" }, join(folder, "cache")];
    for (const name of ["Epoch 2 of 3", "Baseline: the student without its teacher"]) {
      const control = new AbortController();
      const stopped = run(params, {
        work,
        cache,
        signal: control.signal,
        emit: (e) => {
          if (e.kind === "stage" && e.name === name) control.abort();
        },
      });
      await expect(stopped).rejects.toThrow("Cancelled");
    }
    const resumed = await run(params, { work, cache });
    expect(resumed.bytes).toBe(whole.bytes);
    expect(resumed.findings.scores).toEqual(whole.findings.scores);
  });

  it("learns from samples without labels", async () => {
    const split = stripeSplit(32);
    const few = await run({ epochs: 24, teacherWeight: 0.7, rate: 0.02 }, { split });
    const path = join(folder, "more");
    await writePictures(path, 256);
    const more = await run({ epochs: 3, teacherWeight: 0.7, unlabelled: path, baseline: true }, { split });
    expect(more.findings.samples).toEqual({ labelled: 32, unlabelled: 256 });
    expect(more.findings.unlabelled!.path).toBe(path);
    // As many updates: 3 epochs of 288 samples are 27 of 32.
    expect(more.findings.plain.length).toBe(27);
    expect(accuracyOf(more)).toBeGreaterThan(0.7);
    expect(few.findings.samples).toEqual({ labelled: 32, unlabelled: 0 });
  });

  it("needs no labels at all", async () => {
    const bare: typeof split = (name) => ({ ...split(name), classes: undefined, batches: unlabelled(split(name)) });
    const split = stripeSplit(128);
    const { findings, warnings } = await run({ teacherWeight: 1, baseline: true }, { split: bare });
    expect(findings.samples).toEqual({ labelled: 0, unlabelled: 128 });
    expect(findings.plain).toEqual([]);
    expect(warnings).toEqual([
      "There are no labelled validation samples, so what the teacher brought was not measured.",
    ]);
    await expect(run({ teacherWeight: 0.9 }, { split: bare })).rejects.toThrow(
      'The data set has no labels, and the recipe gives them the weight "0.1".',
    );
  });

  it.each<[string, Readonly<Record<string, Json>>, string]>([
    ["no teacher", { teacher: "" }, 'Distillation needs a teacher, and the recipe names "".'],
    ["a teacher of other classes", { teacher: "10" }, 'The teacher has "10" classes and the data 4.'],
    ["one that is asked as it goes", { teacher: "3", crop: 1 }, 'The teacher has "3" classes and the data 4.'],
    ["more answers than memory holds", { flip: true, views: 1_000 }, 'The teacher\'s answers would take "1.53 GiB".'],
    ["unlabelled data that is not there", { unlabelled: "/nowhere" }, 'There is no data set at "/nowhere".'],
  ])("refuses %s", async (_, params, message) => {
    const open = (name: string): Promise<Model> =>
      Promise.resolve(name === "t" ? teacher : smallNet({ classes: Number(name) }));
    const split = "views" in params ? countless : stripeSplit();
    await expect(run(params, { open, split })).rejects.toThrow(message);
  });
});

/** Splits that say they are a hundred thousand. */
const countless: ReturnType<typeof stripeSplit> = (name) => ({
  ...stripes(64),
  count: name === "train" ? 102_400 : 64,
});

/** The same pictures as `stripes`, as IDX files without labels. */
async function writePictures(path: string, count: number): Promise<void> {
  await mkdir(path);
  const bytes = new Uint8Array(16 + count * 64);
  const view = new DataView(bytes.buffer);
  [0x803, count, 8, 8].forEach((x, i) => view.setUint32(4 * i, x));
  let at = 16;
  for await (const { input } of stripes(count, 7).batches(count)) {
    for (const x of input.data as Float32Array) bytes[at++] = Math.round((x * 0.3 + 0.3) * 255);
  }
  await writeFile(join(path, "more-images-idx3-ubyte"), bytes);
}

function unlabelled(stream: ReturnType<ReturnType<typeof stripeSplit>>): typeof stream.batches {
  return async function* (size, signal) {
    for await (const batch of stream.batches(size, signal)) yield { ...batch, labels: undefined };
  };
}
