import { beforeAll, describe, expect, it } from "vitest";
import { hash } from "../../core/base/hash.ts";
import type { Json } from "../../core/base/json.ts";
import type { Model } from "../../core/graph/model.ts";
import { findMethod } from "../../core/methods/catalogue.ts";
import type { Findings } from "../../core/methods/prune-layers/findings.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { findNet } from "../../core/zoo/catalogue.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { compareOutputs } from "../../core/measure/outputError.ts";
import { collectOutputs } from "../../core/measure/outputs.ts";
import { runLesson, stripeSplit, trainedNet, type LessonOptions } from "./lesson.ts";

const ID = "prune-layers";
const FAST = { epochs: 1, batch: 32, baselines: false, samples: 64 };

/** Three stages of two residual blocks; the first of the second and third stage change the shape. */
let trained: Model;
beforeAll(async () => {
  trained = await trainedNet(
    findNet("resnet14").build({ input: [1, 8, 8], classes: 4, params: { width: 0.5 }, seed: 1 }),
  );
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

const removedOf = ({ regions }: Findings): readonly string[] =>
  regions
    .filter((r) => r.removed !== undefined)
    .toSorted((a, b) => a.removed! - b.removed!)
    .map((r) => r.name);

const layersOf = ({ graph }: Model): readonly string[] => graph.nodes.filter((n) => n.op === "Conv").map((n) => n.name);

describe("pruned layers", () => {
  it("are residual blocks that leave their shortcuts", async () => {
    const { findings, model } = await run({ ...FAST, remove: 0.4 });
    expect(findings.regions.map((r) => r.name)).toEqual([
      "layer1.0.conv1 … layer1.0.conv2",
      "layer1.1.conv1 … layer1.1.conv2",
      "layer2.1.conv1 … layer2.1.conv2",
      "layer3.1.conv1 … layer3.1.conv2",
    ]);
    expect(findings.regions.every((r) => r.hasShortcut && r.error! > 0)).toBe(true);
    const removed = removedOf(findings);
    expect(removed.length).toBeGreaterThan(0);
    expect(layersOf(model).length).toBe(layersOf(trained).length - 2 * removed.length);
    expect(findings.costs[1]!.macs).toBeLessThanOrEqual(0.6 * findings.costs[0]!.macs);
    expect(model.graph.outputs).toEqual(trained.graph.outputs);
    expect(findings.scores!.scores[0]!.accuracy).toBeGreaterThan(0.8);
  });

  it.each([
    ["parameters", (f: Findings) => f.costs[1]!.parameters / f.costs[0]!.parameters, 0.2],
    ["size", (f: Findings) => f.costs[1]!.bytes / f.costs[0]!.bytes, 0.2],
    ["count", (f: Findings) => 1 - removedOf(f).length / f.regions.length, 0.5],
  ] as const)("meet a target in %s", async (target, left, remove) => {
    const { findings } = await run({ ...FAST, epochs: 0, target, remove });
    expect(left(findings)).toBeLessThanOrEqual(1 - remove);
  });

  it("are made up for by the layers behind them", async () => {
    const outputsOf = async (model: Model): Promise<Awaited<ReturnType<typeof collectOutputs>>> => {
      const stream = stripeSplit()("test");
      return collectOutputs(model, {
        session: { threads: 1 },
        host: nodeHost,
        signal: new AbortController().signal,
        stream,
        batch: 64,
      });
    };
    const whole = await outputsOf(trained);
    const errorWith = async (compensate: string): Promise<number> => {
      const { model } = await run({ ...FAST, samples: 256, epochs: 0, compensate, target: "count", remove: 0.3 });
      return compareOutputs(whole.values, (await outputsOf(model)).values, whole.rows).kl;
    };
    expect(await errorWith("layers")).toBeLessThan(0.5 * (await errorWith("none")));
  });

  it("change the statistics of batch norms behind them only", async () => {
    const params = { ...FAST, epochs: 0, compensate: "none", exclude: ["layer1.*"], target: "count", remove: 0.3 };
    const { model } = await run(params);
    const before = new Map(trained.graph.initializers.map((t) => [t.name, t.data]));
    const isKept = model.graph.nodes
      .filter((n) => n.op === "BatchNormalization")
      .map(({ inputs }) => {
        const data = model.graph.initializers.find((t) => t.name === inputs[3])?.data;
        return JSON.stringify(data) === JSON.stringify(before.get(inputs[3]!));
      });
    const first = isKept.indexOf(false);
    expect(first).toBeGreaterThan(4);
    expect(isKept.slice(first)).not.toContain(true);
  });

  it("may be single layers", async () => {
    const { findings, model } = await run({ ...FAST, unit: "layers", target: "count", remove: 0.2, epochs: 0 });
    const removed = removedOf(findings);
    expect(findings.regions.every((r) => !r.hasShortcut)).toBe(true);
    expect(layersOf(model)).toEqual(layersOf(trained).filter((name) => !removed.includes(name)));
  });

  it("go in the order of a new scan after each, or of the first", async () => {
    const scans = async (rescan: boolean): Promise<number> => {
      const { events } = await runLesson(
        ID,
        { ...FAST, epochs: 0, rescan, target: "count", remove: 0.7 },
        { model: trained },
      );
      return events.filter((e) => e.kind === "stage" && e.name.startsWith("Scanning")).length;
    };
    expect(await scans(true)).toBe(3);
    expect(await scans(false)).toBe(1);
  });

  it("say what they have to beat, and keep what is protected", async () => {
    const { findings } = await run({ ...FAST, baselines: true, exclude: ["layer1.0.*"], target: "count", remove: 0.3 });
    const labels = ["before", "this result", "nothing removed, trained as long", "random blocks"];
    expect(findings.costs.map((c) => c.label)).toEqual(labels);
    expect(findings.scores!.scores.map((s) => s.label).toSorted()).toEqual(labels.toSorted());
    expect(findings.regions.map((r) => r.name)).not.toContain("layer1.0.conv1 … layer1.0.conv2");
    const method = await findMethod(ID);
    const blocks = method.report(findings, { remove: 0.3 });
    expect(blocks.flatMap((b) => (b.kind === "table" ? [b.title] : []))).toEqual([
      "Accuracy on 128 validation samples",
      "What it costs",
      "Blocks that could go",
    ]);
  });

  it("give the same bytes for the same seed", async () => {
    const params = { ...FAST, remove: 0.3 };
    const bytes = async (): Promise<string> => hash(encodeModel((await run(params)).model));
    expect(await bytes()).toBe(await bytes());
  });

  it("refuse a target out of reach", async () => {
    await expect(run({ ...FAST, remove: 0.9 })).rejects.toThrow(
      'Without every block that can go, less than "0.9" of the target (macs) is gone.',
    );
  });
});
