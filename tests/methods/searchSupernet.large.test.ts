import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeHost as host } from "../../core/app/nodeHost.ts";
import { float32 } from "../../core/base/array.ts";
import { seededRandom } from "../../core/base/random.ts";
import type { Json } from "../../core/base/json.ts";
import type { ProgressEvent } from "../../core/contract/event.ts";
import { findMethod } from "../../core/methods/catalogue.ts";
import type { MethodResult } from "../../core/methods/define.ts";
import type { SupernetFindings } from "../../core/methods/search-supernet/findings.ts";
import { coveringSubnets } from "../../core/methods/search-supernet/latency.ts";
import { buildElasticStep } from "../../core/methods/search-supernet/step.ts";
import { drawSubnet, smallestSubnet, subnetSpace } from "../../core/methods/search-supernet/subnets.ts";
import { blocksOf } from "../../core/methods/searchTable.ts";
import { countPoints } from "../../core/search/points.ts";
import { buildStep } from "../../core/train/stepGraph.ts";
import { startTrainer } from "../../core/train/trainer.ts";
import type { TrainPlan } from "../../core/train/plan.ts";
import { buildElastic, constantsOf, subnetModel } from "../../core/zoo/elastic.ts";
import type { ElasticSpace } from "../../core/zoo/elasticSpace.ts";
import { staged } from "../../core/zoo/staged.ts";
import { bytesOf, logOf, search, temporaryFolder } from "./searchContext.ts";

const space: ElasticSpace = {
  input: [1, 8, 8],
  classes: 4,
  channels: 8,
  stages: [{ depth: 2 }, { depth: 2 }],
  widths: [0.5, 1],
  kernels: [3, 5],
  expansions: [0.5, 1],
};
const signal = new AbortController().signal;

describe("the training step of a supernet", () => {
  it("changes a subnet's part of the weights as training the subnet alone would, and nothing else", async () => {
    const net = buildElastic(space, 1);
    const random = seededRandom(9);
    const drawn = Array.from({ length: 3 }, () => drawSubnet(subnetSpace(space), random));
    const subnets = [net.largest, smallestSubnet(space), ...drawn];
    const plan: TrainPlan = {
      heads: [{ loss: { kind: "cross-entropy" }, target: "probabilities" }],
      optimizer: { kind: "sgd", momentum: 0, weightDecay: 0 },
      epochs: 1,
      batch: 16,
      rate: 1,
      schedule: { kind: "constant" },
    };
    const input = float32([16, 1, 8, 8], Float32Array.from({ length: 1024 }, random.normal));
    const target = float32(
      [16, 4],
      Float32Array.from({ length: 64 }, (_, i) => (i % 4 === Math.floor(i / 4) % 4 ? 1 : 0)),
    );
    const step = await buildElasticStep({ net, subnets, plan, batch: 16, host, signal });
    const before = constantsOf(net.model);
    const start = new Map([...(await withTrainer(step, (t) => Promise.resolve(t.state())))].map(([k, a]) => [k, a]));
    await withTrainer(step, async (trainer) => {
      for (const subnet of subnets) {
        trainer.restore(start, 0);
        const own = await trainer.step(
          { input, [step.heads[0]!.target]: target, ...net.bounds(subnet, 16) },
          { rate: 1, step: 1 },
        );
        const after = new Map([...before, ...trainer.arrays()]);
        const alone = await buildStep(subnetModel(space, subnet, net.parts(subnet, before)), plan, { host });
        await withTrainer(alone, async (other) => {
          const { loss } = await other.step({ input, [alone.heads[0]!.target]: target }, { rate: 1, step: 1 });
          expect(own.loss).toBeCloseTo(loss, 5);
          const parts = net.parts(subnet, after);
          const weights = [...other.arrays()].filter(([name]) => !name.includes("running"));
          let moved = 0;
          for (const [name, { data }] of weights) {
            const [a, b, old] = [
              parts.get(name)!.data,
              data,
              net.parts(subnet, before).get(name)!.data,
            ] as Float32Array[];
            const step = b!.reduce((most, x, i) => Math.max(most, Math.abs(x - old![i]!)), 0);
            const difference = a!.reduce((most, x, i) => Math.max(most, Math.abs(x - b![i]!)), 0);
            expect(difference, name).toBeLessThanOrEqual(1e-5 + 1e-3 * step);
            moved += step;
          }
          expect(moved).toBeGreaterThan(0.01);
          // Weights of blocks that are not there stay as they are.
          if (subnet.stages[1]!.blocks.length === 1) {
            const name = "stage2.block2.second.conv.weight";
            expect(after.get(name)!.data).toEqual(before.get(name)!.data);
          }
        });
      }
    });
  });
});

describe("the table of blocks", () => {
  it("knows every block of every subnet from those that cover them", () => {
    const describeNet = (params: ReturnType<typeof smallestSubnet>) =>
      staged.describe({ input: space.input, classes: 4, params });
    const known = new Set(coveringSubnets(space).flatMap((s) => blocksOf(describeNet(s)).map((b) => b.key)));
    const random = seededRandom(1);
    for (let i = 0; i < 200; i++) {
      const subnet = drawSubnet(subnetSpace(space), random);
      expect(blocksOf(describeNet(subnet)).filter((b) => !known.has(b.key))).toEqual([]);
    }
    expect(known.size).toBeLessThan(60);
  });

  it("cuts a net into blocks that hold all of its nodes", () => {
    const net = staged.describe({ input: [1, 8, 8], classes: 4 });
    const blocks = blocksOf(net);
    expect(blocks.flatMap((b) => b.architecture.nodes)).toHaveLength(net.nodes.length);
    expect(blocks.flatMap((b) => b.architecture.parameters)).toHaveLength(net.parameters.length);
  });
});

describe("supernet search", () => {
  const PARAMS = {
    channels: 8,
    stages: 2,
    widths: [0.5, 1],
    expansions: [1],
    random: 1,
    epochs: 3,
    batch: 32,
    rate: 0.2,
    trials: 4,
    population: 2,
    calibration: 96,
    objectives: ["macs"],
  };
  let whole: MethodResult<Json>;
  let folder: string;
  const log = logOf();

  beforeAll(async () => {
    folder = await temporaryFolder();
    whole = await search("search-supernet", { params: { ...PARAMS, alone: 1 }, log, folder });
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("learns, and exports subnets that compute what the supernet does", async () => {
    const findings = whole.findings as unknown as SupernetFindings;
    expect(findings.losses).toHaveLength(3);
    expect(findings.losses[2]).toBeLessThan(findings.losses[0]!);
    expect(findings.difference).toBeLessThan(1e-5);
    expect(findings.samples).toBe(192 * 3);
    expect(findings.groups.map((g) => [g.group, g.nets.length])).toEqual([
      ["random", 4],
      ["evolution", 4],
    ]);
    expect(findings.alone).toHaveLength(1);
    const method = await findMethod("search-supernet");
    const kinds = method.report(whole.findings, method.parse(PARAMS)).map((b) => b.kind);
    expect(kinds).toEqual(["facts", "scatter", "lines", "table", "facts", "lines", "table"]);
  });

  it("goes back with a third of a rate that was too high, and ends with the same after it was stopped", async () => {
    const params = { ...PARAMS, epochs: 2, rate: 100, trials: 2, baseline: false, others: 0 };
    const once = await search("search-supernet", { params, log: logOf() });
    expect(once.warnings.at(-1)).toMatch(
      /^Training the supernet: Diverged in epoch 1, batch \d+, at a learning rate of 100;/,
    );
    const work = await temporaryFolder();
    const control = new AbortController();
    const emit = (event: ProgressEvent): void => {
      if (event.kind === "message" && event.level === "warning") control.abort();
    };
    const stopped = search("search-supernet", { params, log: logOf(), folder: work, signal: control.signal, emit });
    await expect(stopped).rejects.toThrow("Cancelled.");
    const again = await search("search-supernet", { params, log: logOf(), folder: work });
    await rm(work, { recursive: true });
    expect(again.findings).toEqual(once.findings);
    expect(bytesOf(again.model)).toBe(bytesOf(once.model));
  });

  it("gives the same after it was stopped in training and in the search", async () => {
    const work = await temporaryFolder();
    const control = new AbortController();
    let epochs = 0;
    const stopping = search("search-supernet", {
      params: { ...PARAMS, alone: 1 },
      folder: work,
      signal: control.signal,
      emit: (event) => {
        if (event.kind === "message" && event.text.startsWith("Epoch") && ++epochs === 2) control.abort();
      },
    });
    await expect(stopping).rejects.toThrow("Cancelled.");
    const killed = logOf([], 3);
    const params = { ...PARAMS, alone: 1 };
    await expect(search("search-supernet", { params, log: killed, folder: work })).rejects.toThrow("killed");
    const rest = logOf(killed.added);
    const result = await search("search-supernet", { params, log: rest, folder: work });
    expect(rest.added).toHaveLength(5);
    expect(result.findings).toEqual(whole.findings);
    expect(bytesOf(result.model)).toBe(bytesOf(whole.model));
    expect(result.others!.map((o) => bytesOf(o.model))).toEqual(whole.others!.map((o) => bytesOf(o.model)));
    await rm(work, { recursive: true });
  });

  it("predicts latency from what it measured, and goes on with the same predictions", async () => {
    const work = await temporaryFolder();
    const params = { ...PARAMS, epochs: 1, widths: [1], kernels: [3], objectives: ["latency"], timed: 5, trials: 3 };
    const killed = logOf([], 1);
    await expect(search("search-supernet", { params, log: killed, folder: work })).rejects.toThrow("killed");
    const rest = logOf(killed.added);
    const findings = (await search("search-supernet", { params, log: rest, folder: work }))
      .findings as unknown as SupernetFindings;
    expect(findings.predictor!.nets).toBe(5);
    expect(findings.predictor!.error).toBeGreaterThan(0);
    expect(findings.measured!.every((m) => m.latency > 0)).toBe(true);
    await rm(work, { recursive: true });
  });

  it("counts its space", () => {
    // Each stage: 2 widths × (4 blocks + 16 pairs of blocks).
    expect(countPoints(subnetSpace(space))).toBe((2 * (4 + 16)) ** 2);
  });
});

async function withTrainer<T>(
  step: Parameters<typeof startTrainer>[0],
  use: (trainer: Awaited<ReturnType<typeof startTrainer>>) => Promise<T>,
): Promise<T> {
  const trainer = await startTrainer(step, { host });
  try {
    return await use(trainer);
  } finally {
    await trainer.close();
  }
}
