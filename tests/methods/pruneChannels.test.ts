import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { nodeHost as host } from "../../core/app/nodeHost.ts";
import { hash } from "../../core/base/hash.ts";
import type { Json } from "../../core/base/json.ts";
import { floatTensor, tensorArray } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import { findMethod } from "../../core/methods/catalogue.ts";
import type { Findings } from "../../core/methods/prune-channels/findings.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { smallNet } from "../train/models.ts";
import { runLesson, trainedNet, type LessonOptions } from "./lesson.ts";

const ID = "prune-channels";
const FAST = { epochs: 2, batch: 32, baselines: false, multiple: 4, samples: 64 };

let trained: Model;
beforeAll(async () => {
  trained = await trainedNet();
}, 60_000);

interface Ran {
  readonly model: Model;
  readonly findings: Findings;
  readonly warnings: readonly string[];
}

async function run(params: Readonly<Record<string, Json>>, options: LessonOptions = {}): Promise<Ran> {
  const { model, findings, warnings } = await runLesson(ID, params, { model: trained, ...options });
  return { model, findings: findings as unknown as Findings, warnings };
}

const bytesOf = (model: Model): string => hash(encodeModel(model));

const widths = ({ groups }: Findings): readonly string[] => groups.map((g) => `${g.group} ${g.before} → ${g.after}`);

const macsLeft = ({ costs }: Findings): number => costs[1]!.macs / costs[0]!.macs;

describe("pruned channels", () => {
  it.each([
    ["l1", "global"],
    ["l2", "isomorphic"],
    ["fpgm", "layer"],
    ["bn-scale", "global"],
    ["taylor", "global"],
    ["fisher", "isomorphic"],
    ["hessian", "layer"],
    ["random", "global"],
  ])("by %s, %s meet the target and still know the stripes", async (importance, scope) => {
    const { findings, model } = await run({ ...FAST, importance, scope, remove: 0.4 });
    expect(macsLeft(findings)).toBeLessThanOrEqual(0.6);
    expect(macsLeft(findings)).toBeGreaterThan(0.2);
    expect(findings.scores!.scores[0]!.accuracy).toBeGreaterThan(0.8);
    for (const { after, before } of findings.groups) expect(after === before || after % 4 === 0).toBe(true);
    expect(model.graph.outputs).toEqual(trained.graph.outputs);
    expect(findings.groups.at(-1)).toMatchObject({ group: "logits", reason: '"logits" is an output of the model' });
  });

  it.each([
    ["parameters", (f: Findings) => f.costs[1]!.parameters / f.costs[0]!.parameters],
    ["size", (f: Findings) => f.costs[1]!.bytes / f.costs[0]!.bytes],
  ])("meet a target in %s", async (target, left) => {
    const { findings } = await run({ ...FAST, epochs: 0, multiple: 1, target, remove: 0.5, importance: "l2" });
    expect(left(findings)).toBeLessThanOrEqual(0.505);
    expect(left(findings)).toBeGreaterThan(0.3);
  });

  it("meet a target in measured latency by narrower widths", async () => {
    // Without data, as only weights are looked at. At its narrowest the net has a thousandth of its arithmetic.
    const model = smallNet({ classes: 4, size: 48, widths: [64, 128, 128] });
    const params = { ...FAST, epochs: 0, target: "latency", remove: 0.2, importance: "l2" };
    const method = await findMethod(ID);
    const result = await method.run({
      model,
      params: method.parse(params),
      seed: 1,
      calibration: undefined,
      session: { threads: 1 },
      host,
      signal: new AbortController().signal,
      emit: () => undefined,
    });
    const findings = result.findings as unknown as Findings;
    expect(findings.groups.some((g) => g.after < g.before)).toBe(true);
    expect(findings.costs.every((c) => c.latency > 0)).toBe(true);
  });

  it("remove in rounds, training in between", async () => {
    const { findings } = await run({ ...FAST, schedule: "iterative", rounds: 2, remove: 0.5, importance: "l1" });
    expect(macsLeft(findings)).toBeLessThanOrEqual(0.5);
    expect(findings.history.map((h) => h.epoch)).toEqual([1, 2]);
    expect(findings.scores!.scores[0]!.accuracy).toBeGreaterThan(0.7);
  });

  it("choose widths by what each group does to the outputs", async () => {
    const { findings } = await run({ ...FAST, schedule: "sensitivity", importance: "l2", remove: 0.4 });
    expect(macsLeft(findings)).toBeLessThanOrEqual(0.6);
    expect(findings.curves.map((c) => c.group)).toEqual(["layer0.conv", "layer1.conv", "layer2.conv"]);
    for (const { points } of findings.curves) {
      expect(points[0]!.error).toBe(0);
      expect(points.length).toBeGreaterThan(1);
      for (const { error } of points.slice(1)) expect(error).toBeGreaterThan(0);
    }
  });

  it("say what they have to beat, what holds together, and what stays", async () => {
    const { findings } = await run({
      ...FAST,
      epochs: 1,
      baselines: true,
      exclude: ["layer1.*"],
      importance: "l2",
      remove: 0.3,
    });
    const labels = ["before", "this result", "not pruned, trained as long", "narrower everywhere", "random channels"];
    expect(findings.costs.map((c) => c.label)).toEqual(labels);
    expect(findings.scores!.scores.map((s) => s.label).toSorted()).toEqual(labels.toSorted());
    const [before, own, , uniform, random] = findings.costs;
    expect(uniform!.macs).toBeLessThanOrEqual(own!.macs);
    expect(random!.macs).toBeLessThanOrEqual(own!.macs);
    expect(own!.macs).toBeLessThanOrEqual(0.7 * before!.macs);
    const kept = findings.groups.find((g) => g.group === "layer1.conv")!;
    expect(kept).toMatchObject({ reason: "it is protected", after: kept.before });
    const method = await findMethod(ID);
    const blocks = method.report(findings, { remove: 0.3 });
    expect(blocks.flatMap((b) => (b.kind === "table" ? [b.title] : []))).toEqual([
      "Accuracy on 128 validation samples",
      "What it costs",
      "Groups and their widths",
      "What each group holds together",
      "Learning rates",
    ]);
    expect(findings.groups[0]!.members.map((m) => `${m.side} ${m.tensor}[${m.axis}] ${m.indexes}`)).toMatchSnapshot();
  });

  it("lose channels of zeros first, and nothing with them", async () => {
    const silent = silenced(trained, "layer1", [1, 2, 6, 7, 8, 11, 13, 15]);
    const params = {
      ...FAST,
      epochs: 0,
      multiple: 1,
      importance: "l2",
      scope: "layer",
      recalibrate: false,
      minimum: 8,
    };
    const { findings } = await run({ ...params, exclude: ["layer0.*", "layer2.*"], remove: 0.41 }, { model: silent });
    expect(widths(findings)).toContain("layer1.conv 16 → 8");
    const [own, before] = findings.scores!.scores;
    expect(own!.accuracy).toBe(before!.accuracy);
  });

  it("give the same bytes for the same seed, and go on to them after an interruption", async () => {
    const params = { ...FAST, epochs: 2, schedule: "iterative", rounds: 2, importance: "taylor" };
    const whole = await run(params);
    expect(bytesOf((await run(params)).model)).toBe(bytesOf(whole.model));
    const folder = await mkdtemp(join(tmpdir(), "lathe-prune-"));
    try {
      const work = { folder, key: "k" };
      for (const occurrence of [1, 2]) {
        let seen = 0;
        const control = new AbortController();
        const stopped = run(params, {
          work,
          signal: control.signal,
          emit: (e) => e.kind === "stage" && e.name.startsWith("Epoch") && ++seen === occurrence && control.abort(),
        });
        await expect(stopped).rejects.toThrow("Cancelled");
      }
      const resumed = await run(params, { work });
      expect(bytesOf(resumed.model)).toBe(bytesOf(whole.model));
      expect(resumed.findings.scores).toEqual(whole.findings.scores);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("apply to nothing without layers", async () => {
    const method = await findMethod(ID);
    expect(method.applies(trained)).toEqual({ applies: true, notes: [] });
    const bare = { ...trained, graph: { ...trained.graph, nodes: trained.graph.nodes.filter((n) => n.op === "Relu") } };
    expect(method.applies(bare)).toMatchObject({
      applies: false,
      reason: "The model has no layer whose channels are known.",
    });
  });

  it.each<[string, Readonly<Record<string, Json>>, string | RegExp]>([
    [
      "a target out of reach",
      { remove: 0.99, epochs: 0 },
      /^Even at the narrowest widths the model exceeds the target of "[\d.]+( [kM])? MACs"\.$/,
    ],
    ["nothing left to prune", { exclude: ["*"], epochs: 0 }, "No group of channels can be pruned."],
    ["a pattern that matches nothing", { exclude: ["tail.*"], epochs: 0 }, '"tail.*"'],
  ])("refuse %s", async (_, params, message) => {
    await expect(run({ ...FAST, importance: "l2", ...params })).rejects.toThrow(message);
  });
});

/** The model with zeros in what makes some channels of a layer and in what reads them. */
function silenced(model: Model, layer: string, channels: readonly number[]): Model {
  const next = `layer${Number(layer.slice(5)) + 1}`;
  const initializers = model.graph.initializers.map((t) => {
    const isOwn = t.name.startsWith(`${layer}.`);
    if (t.type !== "float32" || (!isOwn && t.name !== `${next}.weight`)) return t;
    const data = Float32Array.from(tensorArray(t).data as Float32Array);
    const [first = 1, second = 1] = t.dims;
    const inner = data.length / (isOwn ? first : first * second);
    for (const c of channels)
      if (isOwn) data.fill(0, c * inner, (c + 1) * inner);
      else for (let o = 0; o < first; o++) data.fill(0, (o * second + c) * inner, (o * second + c + 1) * inner);
    return floatTensor(t.name, t.dims, data);
  });
  return { ...model, graph: { ...model.graph, initializers } };
}
