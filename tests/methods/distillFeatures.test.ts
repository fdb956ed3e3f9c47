import { beforeAll, describe, expect, it } from "vitest";
import { hash } from "../../core/base/hash.ts";
import type { Json } from "../../core/base/json.ts";
import type { Model } from "../../core/graph/model.ts";
import { findMethod } from "../../core/methods/catalogue.ts";
import type { Findings } from "../../core/methods/distill-features/findings.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { smallNet } from "../train/models.ts";
import { runLesson, trainedNet, type LessonOptions } from "./lesson.ts";

const ID = "distill-features";
const student = smallNet({ classes: 4, widths: [6, 8] });
const FAST = { epochs: 3, batch: 32, rate: 0.05, teacher: "t", baseline: false };

let teacher: Model;
beforeAll(async () => {
  teacher = await trainedNet();
}, 60_000);

interface Ran {
  readonly model: Model;
  readonly findings: Findings;
  readonly bytes: string;
}

async function run(params: Readonly<Record<string, Json>>, options: LessonOptions = {}): Promise<Ran> {
  const open = (): Promise<Model> => Promise.resolve(teacher);
  const { model, findings } = await runLesson(ID, { ...FAST, ...params }, { model: student, open, ...options });
  return { model, findings: findings as unknown as Findings, bytes: hash(encodeModel(model)) };
}

const accuracyOf = ({ findings }: Ran): number => findings.scores!.scores[0]!.accuracy;

describe("a student of features", () => {
  it.each(["attention", "mse", "distance", "angle"])("learns %s and is what it was in form", async (featureLoss) => {
    const ran = await run({ featureLoss, epochs: 6 });
    expect(accuracyOf(ran)).toBeGreaterThan(0.6);
    const form = ({ graph }: Model): unknown => [
      graph.nodes.map((n) => [n.op, n.inputs, n.outputs]),
      graph.initializers.map((t) => [t.name, t.dims]),
      graph.inputs,
      graph.outputs,
    ];
    expect(form(ran.model)).toEqual(form(student));
    const { pairs, adapters } = ran.findings;
    const both = [
      {
        student: "layer0.relu",
        teacher: "layer0.relu",
        shapes: [
          [6, 4, 4],
          [8, 4, 4],
        ],
      },
      {
        student: "layer1.relu",
        teacher: "layer1.relu",
        shapes: [
          [8, 2, 2],
          [16, 2, 2],
        ],
      },
    ];
    const isRelation = featureLoss === "distance" || featureLoss === "angle";
    expect(pairs).toEqual(isRelation ? both.slice(1) : both);
    expect(adapters).toBe(featureLoss === "mse" ? 6 * 8 + 8 * 16 : 0);
  });

  it("comes closer to its teacher than one that learns the labels alone", async () => {
    const gapOf = async (model: Model): Promise<number> => {
      const { findings } = await run(
        { featureLoss: "attention", epochs: 1, rate: 1e-9, weightDecay: 0, featureWeight: 100 },
        { model },
      );
      return findings.history[0]!.loss;
    };
    const [taught, alone] = [
      await run({ featureLoss: "attention", epochs: 6, featureWeight: 3 }),
      await runLesson("train", { epochs: 6, batch: 32, rate: 0.05 }, { model: student }),
    ];
    expect(await gapOf(taught.model)).toBeLessThan(0.8 * (await gapOf(alone.model)));
  });

  it("learns answers as well, by named pairs, beside the undistilled one", async () => {
    const params = { teacherWeight: 0.5, pairs: ["layer1.norm=layer2.norm"], featureLoss: "attention", baseline: true };
    const { findings } = await run({ ...params, pairs: ["layer1.norm=layer1.norm"] });
    expect(findings.pairs.length).toBe(1);
    expect(findings.scores!.scores.map((s) => s.label)).toContain("undistilled student, trained as long");
    const method = await findMethod(ID);
    const tables = method
      .report(findings as unknown as Json, FAST)
      .flatMap((b) => (b.kind === "table" ? [b.title] : []));
    expect(tables).toEqual(["Accuracy on 128 validation samples", "Pairs of values"]);
  });

  it("gives the same bytes for the same seed", async () => {
    const params = { featureLoss: "mse", crop: 1 };
    expect((await run(params)).bytes).toBe((await run(params)).bytes);
  });

  it("refuses what it cannot compare", async () => {
    await expect(run({ pairs: ["layer0.relu=nothing"] })).rejects.toThrow(
      'The teacher has no value "nothing" to compare.',
    );
    const wide = smallNet({ classes: 7 });
    const mismatch = run({ teacherWeight: 0.5, featureLoss: "attention" }, { open: () => Promise.resolve(wide) });
    await expect(mismatch).rejects.toThrow('The teacher has "7" classes and the data 4.');
  });
});
