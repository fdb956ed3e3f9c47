import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json } from "../../core/base/json.ts";
import type { Trial } from "../../core/contract/trial.ts";
import { findMethod } from "../../core/methods/catalogue.ts";
import type { MethodResult } from "../../core/methods/define.ts";
import { mostBalanced, spreadOver, type SearchFindings } from "../../core/methods/searchFindings.ts";
import { costsOfNet, netSpace, taskOf } from "../../core/methods/searchSpace.ts";
import { countPoints, samplePoint } from "../../core/search/points.ts";
import { paretoFront } from "../../core/search/pareto.ts";
import { seededRandom } from "../../core/base/random.ts";
import { randomSampler } from "../../core/search/sampler.ts";
import { findNet } from "../../core/zoo/catalogue.ts";
import { bytesOf, logOf, MODEL, search, SMALL_SPACE, temporaryFolder } from "./searchContext.ts";

const SHORT = { space: SMALL_SPACE, trials: 5, epochs: 1, batch: 32, objectives: ["macs"] };
const EVOLUTION = { ...SHORT, population: 2 };

const findingsOf = ({ findings }: MethodResult<Json>): SearchFindings => findings as unknown as SearchFindings;
const withoutTime = (trials: readonly Trial[]): unknown => trials.map((t) => ({ ...t, seconds: 0 }));

describe("evolutionary search", () => {
  let whole: MethodResult<Json>;
  const log = logOf();
  let folder: string;

  beforeAll(async () => {
    folder = await temporaryFolder();
    whole = await search("search-evolution", { params: EVOLUTION, log, folder });
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("tries as many random nets as bred ones, and trains none of them twice", () => {
    const { groups } = findingsOf(whole);
    expect(groups.map((g) => [g.group, g.nets.length])).toEqual([
      ["random", 5],
      ["evolution", 5],
    ]);
    expect(log.added).toHaveLength(10);
    // The first generation is random, from the same seed.
    const shared = groups[1]!.nets.slice(0, 2);
    expect(shared.map((n) => n.point)).toEqual(groups[0]!.nets.slice(0, 2).map((n) => n.point));
    expect(log.added.slice(5, 7).every((t) => t.note?.startsWith("As number") === true)).toBe(true);
  });

  it("gives a net of the front, and others of it beside", () => {
    const { front, chosen, groups } = findingsOf(whole);
    const all = groups.flatMap((g) => g.nets);
    const costs = all.map((n) => [-n.values["accuracy"]!, n.values["macs"]!]);
    const expected = new Set(paretoFront(costs).map((i) => JSON.stringify(all[i]!.point)));
    expect(new Set(front.map((n) => JSON.stringify(n.point)))).toEqual(expected);
    expect(bytesOf(whole.model)).not.toBe(bytesOf(MODEL));
    expect(whole.others!.length).toBe(Math.min(4, front.length - 1));
    const names = [whole, ...whole.others!].map(({ findings }) => {
      const f = findings as unknown as SearchFindings;
      return JSON.stringify(f.front[f.chosen]!.point);
    });
    expect(new Set(names).size).toBe(names.length);
    expect(front[chosen]).toBeDefined();
  });

  it("says how it compares with random nets", async () => {
    const { improvement, groups } = findingsOf(whole);
    const random = groups[0]!.nets.map((n) => n.values["accuracy"]!);
    const mean = random.reduce((sum, a) => sum + a, 0) / random.length;
    const best = Math.max(...groups[1]!.nets.map((n) => n.values["accuracy"]!));
    expect(improvement!.relative).toBeCloseTo(best / mean - 1);
    expect(groups.every((g) => g.hypervolume.length === 5)).toBe(true);
    const method = await findMethod("search-evolution");
    const blocks = method.report(whole.findings, method.parse(EVOLUTION));
    expect(blocks.map((b) => b.kind)).toEqual(["facts", "scatter", "lines", "table"]);
  });

  it.each([1, 6])("goes on after %i trials to the same result", async (trials) => {
    const work = await temporaryFolder();
    const killed = logOf([], trials);
    await expect(search("search-evolution", { params: EVOLUTION, log: killed, folder: work })).rejects.toThrow(
      "killed",
    );
    const rest = logOf(killed.added);
    const result = await search("search-evolution", { params: EVOLUTION, log: rest, folder: work });
    expect(rest.added).toHaveLength(10 - trials);
    expect(withoutTime(rest.done)).toEqual(withoutTime(log.added));
    expect(bytesOf(result.model)).toBe(bytesOf(whole.model));
    expect(result.findings).toEqual(whole.findings);
    await rm(work, { recursive: true });
  });

  it("goes on in the middle of a training", async () => {
    const work = await temporaryFolder();
    const params = { ...EVOLUTION, trials: 2, epochs: 10, baseline: false };
    const expected = await search("search-evolution", { params });
    const control = new AbortController();
    let epochs = 0;
    const log = logOf();
    const stopping = search("search-evolution", {
      params,
      log,
      folder: work,
      signal: control.signal,
      emit: (event) => {
        if (event.kind === "progress" && ++epochs === 1) setTimeout(() => control.abort(), 150);
      },
    });
    await expect(stopping).rejects.toThrow("Cancelled.");
    const result = await search("search-evolution", { params, log: logOf(log.added), folder: work });
    expect(bytesOf(result.model)).toBe(bytesOf(expected.model));
    await rm(work, { recursive: true });
  });

  it("refuses the trials of another search", async () => {
    const params = { ...EVOLUTION, trials: 2 };
    await expect(search("search-evolution", { params, log: logOf(log.added), seed: 9 })).rejects.toThrow(
      'Trial "0" of random was made by another search.',
    );
  });
});

describe("what a search may be told", () => {
  it("keeps to bounds that can be counted before any training", async () => {
    const result = await search("search-random", { params: { ...SHORT, trials: 4, maxMacs: 0.1, goal: "accuracy" } });
    const nets = findingsOf(result).groups.flatMap((g) => g.nets);
    expect(nets).toHaveLength(4);
    expect(nets.every((n) => n.values["macs"]! <= 1e5 && n.isFeasible)).toBe(true);
    const { front, chosen } = findingsOf(result);
    expect(front[chosen]!.values["accuracy"]).toBe(Math.max(...front.map((n) => n.values["accuracy"]!)));
  });

  it("measures latency here", async () => {
    const result = await search("search-random", { params: { ...SHORT, trials: 2, objectives: ["latency", "size"] } });
    for (const { values } of findingsOf(result).groups[0]!.nets) {
      expect(values["latency"]).toBeGreaterThan(0);
      expect(values["reference"]).toBeGreaterThan(0);
    }
  });

  it("starts with given nets and trains the result longer", async () => {
    const space = netSpace("staged", SMALL_SPACE, taskOf(MODEL));
    const point = samplePoint(space.space, seededRandom(3));
    const params = { ...SHORT, trials: 1, start: [JSON.stringify(point)], finalEpochs: 2 };
    const findings = findingsOf(await search("search-random", { params }));
    expect(findings.front[0]).toMatchObject({ point, origin: "given" });
    expect(findings.final!.epochs).toBe(2);
    expect(findings.final!.accuracy).toBeGreaterThan(0);
  });

  it("compares the nets with the most effort when it halves", async () => {
    const params = { ...SHORT, trials: 11, epochs: 9, samples: 64, halving: true };
    const { groups, front } = findingsOf(await search("search-random", { params }));
    const epochs = groups[0]!.nets.map((n) => Math.round(9 * n.values["budget"]!));
    expect(epochs).toEqual([...Array<number>(9).fill(1), 3, 3]);
    expect(front.every((n) => n.number >= 9)).toBe(true);
  });

  it("stops what is behind the median", async () => {
    const { space } = netSpace("staged", SMALL_SPACE, taskOf(MODEL));
    const good = { accuracy: 0.99, "accuracy@1": 0.99, "accuracy@2": 0.99, "accuracy@3": 0.99, macs: 1e5 };
    let sampler = randomSampler({ space, seed: 1 });
    const before = Array.from({ length: 5 }, (_, number): Trial => {
      const { point } = sampler.ask()!;
      sampler = sampler.tell({ point, budget: 1, costs: [0, 0], violation: 0 });
      return { number, group: "random", point: point as Trial["point"], state: "done", values: good, seconds: 1 };
    });
    const log = logOf(before);
    const { groups, front } = findingsOf(
      await search("search-random", { params: { ...SHORT, trials: 6, epochs: 3, medianStop: true }, log }),
    );
    expect(log.added).toHaveLength(1);
    expect(log.added[0]).toMatchObject({ state: "stopped", note: "Behind the median of the nets before it." });
    expect(Object.keys(log.added[0]!.values)).toContain("accuracy@1");
    expect(Object.keys(log.added[0]!.values)).not.toContain("accuracy@2");
    expect(groups[0]!.nets).toHaveLength(6);
    expect(front.every((n) => n.state === "done")).toBe(true);
  });

  it("names what is wrong with a space", () => {
    const task = taskOf(MODEL);
    expect(() => netSpace("staged", '{"wide":[1]}', task)).toThrow('"staged" has no parameter "wide" to search.');
    expect(() => netSpace("staged", "[1]", task)).toThrow('The parameter "space" is no JSON object: "[1]".');
    expect(() => netSpace("stage", "", task)).toThrow('The zoo has no net "stage".');
  });
});

describe("spaces over the zoo", () => {
  it.each(["staged", "resnet20", "mobilenetv2", "ds-cnn-s", "vgg11-bn"])("%s has one", (id) => {
    const task = { input: findNet(id).info.input, classes: 10 };
    const nets = netSpace(id, "", task);
    expect(countPoints(nets.space)).toBeGreaterThan(10);
    const random = seededRandom(0);
    for (let i = 0; i < 5; i++) {
      const costs = costsOfNet(nets.describe(samplePoint(nets.space, random)));
      expect(costs.macs).toBeGreaterThan(0);
      expect(costs.memory).toBeGreaterThan(costs.size);
    }
  });

  it("counts the activations that are alive at once", () => {
    // Two residual blocks of 8 channels at 8×8 beside the input: three values of 8·8·8 at the addition.
    const nets = netSpace("staged", SMALL_SPACE, taskOf(MODEL));
    const block = { op: "residual", kernel: 3, expansion: 1 };
    const stages = [
      { width: 1, blocks: [block] },
      { width: 1, blocks: [block] },
    ];
    const { size, memory } = costsOfNet(nets.describe({ resolution: 1, channels: 8, stages }));
    expect(memory - size).toBe(4 * 3 * 8 * 8 * 8);
  });
});

describe("choosing from a front", () => {
  it("takes the net that gives the most of all costs", () => {
    const front = [
      [0, 10],
      [1, 3],
      [8, 0],
    ];
    expect(mostBalanced(front)).toBe(1);
    expect(mostBalanced([[1, 1]])).toBe(0);
  });

  it("spreads the others over it", () => {
    expect(spreadOver(5, 2, 10)).toEqual([0, 1, 3, 4]);
    expect(spreadOver(9, 0, 3)).toEqual([1, 5, 8]);
    expect(spreadOver(3, 1, 0)).toEqual([]);
  });
});
