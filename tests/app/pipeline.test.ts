import { expect, test } from "vitest";
import { buildReport } from "../../core/app/buildReport.ts";
import { parsePipeline } from "../../core/app/pipeline.ts";
import { planJob } from "../../core/app/jobPlan.ts";
import { measureVariants } from "../../core/app/measureVariants.ts";
import { runMethod } from "../../core/app/runMethod.ts";
import { pipeline } from "../../core/contract/pipeline.ts";
import { inState, reaches, tinyEngine } from "./engine.ts";
import { quietWork, tinyProject } from "./fixtures.ts";

const work = quietWork();
const step = (params: object, more: object = {}): object => ({
  method: "try-scales",
  params: { trials: 3, ...params },
  ...more,
});
const chain = (steps: readonly object[], more: object = {}) => pipeline.parse({ lathe: 1, threads: 1, steps, ...more });

test("each step starts from what the one before made; a teacher stays until a step names another", async () => {
  const { project, engine } = await tinyEngine();
  const { sha256 } = project.store.variants()[0]!.model;
  const steps = [
    step({}, { name: "first" }),
    { method: "train", params: { epochs: 1, batch: 16 }, name: "second" },
    step({ teacher: "" }, { name: "third", seed: 7 }),
    step({ teacher: "first" }, { name: "fourth" }),
    step({}, { name: "fifth" }),
  ];
  await engine.submit({ pipeline: chain(steps, { teacher: "tiny", measure: false, seed: 3 }), from: "v1" }, work);
  expect(engine.find("j1").title).toBe(
    "Trying scales → Training → Trying scales → Trying scales → Trying scales of tiny",
  );
  expect(await engine.settled("j1")).toMatchObject({ state: "done", made: [["v2"], ["v3"], ["v4"], ["v5"], ["v6"]] });
  const made = project.store.variants().slice(1);
  expect(made.map((v) => [v.name, v.parent])).toEqual([
    ["first", "v1"],
    ["second", "v2"],
    ["third", "v3"],
    ["fourth", "v4"],
    ["fifth", "v5"],
  ]);
  const first = made[0]!.model.sha256;
  expect(made.map((v) => v.recipe?.params["teacher"])).toEqual([sha256, undefined, "", first, first]);
  expect(made.map((v) => v.recipe?.seed)).toEqual([3, 3, 7, 3, 3]);
  // Every variant can be made again from its recipe alone.
  const again = await runMethod(project, { recipe: made[3]!.recipe! }, work);
  expect(again.model).toEqual(made[3]?.model);
});

test("goes on behind the steps that are done", async () => {
  const { project, engine } = await tinyEngine();
  const steps = [step({}, { name: "quick" }), step({ trials: 60, pause: 20 }, { name: "slow" })];
  await engine.submit({ pipeline: chain(steps, { measure: false }), from: "v1" }, work);
  const busy = await reaches(engine, "j1", (j) => j.progress?.step === 2 && j.progress.total === 60);
  expect(busy.made).toEqual([["v2"]]);
  engine.pause("j1");
  await reaches(engine, "j1", inState("paused"));
  expect(project.store.variants().map((v) => v.name)).toEqual(["tiny", "quick"]);
  engine.resume("j1");
  await engine.settled("j1");
  expect(project.store.variants().map((v) => v.name)).toEqual(["tiny", "quick", "slow"]);
});

test("a pipeline is checked before it starts", async () => {
  const { project } = await tinyProject();
  const plan = (steps: readonly object[]): Promise<unknown> =>
    planJob(project, { pipeline: chain(steps), from: "v1" }, work);
  await expect(plan([step({}, { name: "same" }), step({}, { name: "same" })])).rejects.toThrow(
    'Two steps of the pipeline make a variant called "same".',
  );
  await expect(plan([step({}), step({ trials: 0 })])).rejects.toMatchObject({ code: "invalid-recipe" });
  await expect(plan([step({ teacher: "later" }), step({}, { name: "later" })])).rejects.toThrow(
    'There is no variant "later" in this project.',
  );
  await expect(plan([step({}, { name: "tiny" })])).rejects.toMatchObject({ code: "already-exists" });
  expect(() => parsePipeline("{", "p.json")).toThrow('"p.json" is not JSON.');
  expect(() => parsePipeline('{"lathe": 1, "steps": [{}]}', "p.json")).toThrow(
    /^"p\.json" is not a pipeline: "steps\.0\.method: /,
  );
  project.store.close();
});

test("the report tells what each step changed, with intervals", async () => {
  const { project } = await tinyProject();
  const train = { method: "train", params: { epochs: 3, batch: 16, rate: 0.05 }, seed: 0, threads: 1 };
  const trained = await runMethod(project, train, { ...work, from: "v1", name: "trained" });
  const quantize = { method: "quantize-dynamic", params: {}, seed: 0, threads: 1 };
  const small = await runMethod(project, quantize, { ...work, from: "trained", name: "small" });
  const stepsOf = async (): Promise<unknown[][]> => {
    const { blocks } = await buildReport(project, []);
    expect(blocks).toContainEqual({ kind: "heading", level: 2, text: "Step by step" });
    const tables = blocks.flatMap((b) => (b.kind === "table" && b.title.startsWith("How ") ? [b] : []));
    expect(tables.map((t) => t.title)).toEqual(["How small came about"]);
    return tables[0]!.rows;
  };
  const bare = await stepsOf();
  expect(bare.map((row) => row.slice(0, 4))).toEqual([
    [{ text: "tiny" }, { text: "imported" }, { text: "—" }, { text: "—" }],
    [{ text: "trained" }, { text: "train" }, { text: "—" }, { text: "—" }],
    [{ text: "small" }, { text: "quantize-dynamic" }, { text: "—" }, { text: "—" }],
  ]);
  const measured = await measureVariants(project, [trained, small], { ...work, runs: 10, seconds: 1 });
  const rows = (await stepsOf()) as { value?: number; interval?: [number, number] }[][];
  const [first, second, third] = rows;
  const top1 = [project.store.variants()[0]!, ...measured].map((v) => 100 * (v.measurements?.accuracy?.top1 ?? NaN));
  expect(rows.map((r) => r[2]?.value)).toEqual(top1);
  expect(first?.[3]).toEqual({ text: "—" });
  expect(second?.[3]?.value).toBeCloseTo(top1[1]! - top1[0]!, 6);
  expect(third?.[3]?.value).toBeCloseTo(top1[2]! - top1[1]!, 6);
  for (const cell of [second?.[3], third?.[3], second?.[5], third?.[5]]) {
    expect(cell?.interval?.[0]).toBeLessThanOrEqual(cell!.value!);
    expect(cell?.interval?.[1]).toBeGreaterThanOrEqual(cell!.value!);
  }
  project.store.close();
});
