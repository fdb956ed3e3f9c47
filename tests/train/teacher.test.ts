import { describe, expect, it } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { node } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import type { HeadSpec } from "../../core/train/heads.ts";
import { logitsOf, openTeacher, teachLogits, type Teacher } from "../../core/train/teacher.ts";
import { smallNet } from "./models.ts";
import { stripes } from "./pictures.ts";
import { run } from "./run.ts";

const signal = new AbortController().signal;
const open = (model: Model, values?: readonly string[]): Promise<Teacher> =>
  openTeacher(model, { session: { threads: 1 }, host: nodeHost, signal, ...(values && { values }) });

function withSoftmax(model: Model): Model {
  const [logits] = model.graph.outputs;
  const softmax = node("Softmax", [[logits!.name], ["probabilities"]], { attributes: { axis: 1 } });
  const outputs = [{ ...logits!, name: "probabilities" }];
  return { ...model, graph: { ...model.graph, nodes: [...model.graph.nodes, softmax], outputs } };
}

describe("a teacher", () => {
  it("is asked for what goes into its softmax", async () => {
    const plain = smallNet({ classes: 4 });
    const [logits] = plain.graph.outputs;
    expect(logitsOf(plain)).toBe(logits!.name);
    expect(logitsOf(withSoftmax(plain))).toBe(logits!.name);
    const teachers = [await open(plain), await open(withSoftmax(plain))];
    for await (const { input } of stripes(5).batches(5, signal)) {
      const [one, two] = await Promise.all(teachers.map((t) => t.ask(input)));
      expect(one![0]!.dims).toEqual([5, 4]);
      expect(two).toEqual(one);
    }
    await Promise.all(teachers.map((t) => t.close()));
  });

  it("teaches a student without labels what it knows", async () => {
    const { model, history } = await run({ epochs: 8 });
    const teacher = await open(model);
    const heads: HeadSpec[] = [{ loss: { kind: "kl", temperature: 2, targetLogits: true }, target: "values" }];
    const teach = teachLogits(teacher, 0, 4);
    const student = await run({ epochs: 10, heads }, { teach, model: smallNet({ classes: 4, widths: [6, 12] }) });
    await teacher.close();
    expect(history.at(-1)!.accuracy).toBeGreaterThan(0.85);
    expect(student.history.at(-1)!.accuracy).toBeGreaterThan(0.8);
  });

  it("refuses values that are not there and classes that do not fit", async () => {
    await expect(open(smallNet(), ["nowhere"])).rejects.toThrow('The teacher has no value "nowhere".');
    const teacher = await open(smallNet({ classes: 10 }));
    for await (const batch of stripes(2).batches(2, signal)) {
      const asked = teachLogits(teacher, 0, 4)(batch, { epoch: 0, batch: 0 });
      await expect(asked).rejects.toThrow('The teacher has "10" classes and the student 4.');
    }
    await teacher.close();
  });
});
