import { describe, expect, it } from "vitest";
import { z } from "zod";
import { nodeHost as host } from "../../core/app/nodeHost.ts";
import type { Json } from "../../core/base/json.ts";
import { findMethod, loadCatalogue } from "../../core/methods/catalogue.ts";
import { defineMethod, isMethod, type Method } from "../../core/methods/define.ts";
import { net, op } from "../transform/fixtures.ts";

const model = net({ nodes: [op("Relu", ["x"], "y")] });

const example: Method = defineMethod({
  id: "example",
  family: "quantize",
  title: "Example",
  summary: "Does nothing.",
  version: 3,
  params: z.strictObject({
    strength: z.number().min(0).max(1).default(0.5).meta({ title: "Strength", description: "How much." }),
    kind: z.enum(["a", "b"]).default("a"),
    layers: z.array(z.string()).default([]),
  }),
  upgrade: (params, from) => {
    // Version 1 said "amount" in percent, version 2 "amount" as a fraction.
    if (from === 1) return { ...params, amount: Number(params["amount"]) / 100 };
    const { amount, ...rest } = params;
    return { ...rest, strength: amount ?? 0.5 };
  },
  needsData: ({ kind }) => kind === "b",
  applies: () => ({ applies: true, notes: [] }),
  estimate: (_, { strength }) => ({ seconds: strength, memory: 0, disk: 0 }),
  findings: z.looseObject({ strength: z.number() }),
  load: async () => ({
    run: async (context) => ({
      model: context.model,
      findings: { strength: context.params.strength, missing: undefined, nested: [new Date(0)] },
      warnings: [],
    }),
  }),
  report: (_, { strength }) => [{ kind: "text", text: `Strength ${strength}` }],
});

describe("a method", () => {
  it("fills in what a recipe leaves out", () => {
    expect(example.parse({})).toEqual({ strength: 0.5, kind: "a", layers: [] });
    expect(example.needsData({})).toBe(false);
    expect(example.needsData({ kind: "b" })).toBe(true);
    expect(example.estimate(model, { strength: 1 }).seconds).toBe(1);
    expect(example.report({ strength: 0.1 }, { strength: 0.25 })).toEqual([{ kind: "text", text: "Strength 0.25" }]);
  });

  it.each<[string, unknown, string]>([
    ["a number out of range", { strength: 2 }, "example: strength: Too big: expected number to be <=1."],
    ["a word that is no choice", { kind: "c" }, 'example: kind: Invalid option: expected one of "a"|"b".'],
    ["the wrong type", { strength: "1" }, "example: strength: Invalid input: expected number, received string."],
    [
      "an element of a list",
      { layers: ["a", 1] },
      "example: layers.1: Invalid input: expected string, received number.",
    ],
    ["an unknown name", { strenght: 1 }, 'example: parameters: Unrecognized key: "strenght".'],
    [
      "several at once",
      { strength: -1, kind: 1 },
      'example: strength: Too small: expected number to be >=0; kind: Invalid option: expected one of "a"|"b".',
    ],
    ["no object at all", null, "example: parameters: Invalid input: expected object, received null."],
  ])("names %s", (_, params, message) => {
    expect(() => example.parse(params)).toThrow(
      expect.objectContaining({
        code: "invalid-recipe",
        message,
        hint: '"lathe methods example" lists the parameters.',
      }),
    );
  });

  it("describes its parameters as JSON Schema with what a form needs", () => {
    expect(example.info).toMatchObject({ id: "example", version: 3, family: "quantize" });
    expect(example.info.params["properties"]).toMatchObject({
      strength: { type: "number", minimum: 0, maximum: 1, default: 0.5, title: "Strength", description: "How much." },
    });
    expect(example.info).not.toHaveProperty("paper");
  });

  it("brings old parameters up version by version", () => {
    expect(example.upgrade({ amount: 30, kind: "b" }, 1)).toEqual({ strength: 0.3, kind: "b" });
    expect(example.upgrade({ amount: 0.3 }, 2)).toEqual({ strength: 0.3 });
    expect(example.upgrade({ strength: 0.3 }, 3)).toEqual({ strength: 0.3 });
  });

  it("refuses a recipe of a newer version", () => {
    expect(() => example.upgrade({}, 4)).toThrow(
      expect.objectContaining({
        code: "newer-version",
        message: 'The recipe is for version "4" of example; this Lathe has 3.',
        hint: "Update Lathe.",
      }),
    );
  });

  it("refuses findings that are damaged, and says where", () => {
    const text = "What example found out is damaged: strength: Invalid input: expected number, received string.";
    expect(() => example.report({ strength: "0.1" }, {})).toThrow(
      expect.objectContaining({ code: "invalid-project", message: text }),
    );
    expect(() => example.report(null, {})).toThrow(
      "What example found out is damaged: all of it: Invalid input: expected object, received null.",
    );
  });

  it("hands out findings as the JSON that a later reader will see", async () => {
    const result = await example.run({
      model,
      params: { strength: 0.75 },
      seed: 1,
      calibration: undefined,
      session: {},
      host,
      signal: new AbortController().signal,
      emit: () => undefined,
    });
    const expected: Json = { strength: 0.75, nested: ["1970-01-01T00:00:00.000Z"] };
    expect(result.findings).toEqual(expected);
    expect(result.model).toBe(model);
  });

  it("is known as a method, and nothing else is", () => {
    expect(isMethod(example)).toBe(true);
    for (const other of [undefined, null, {}, "example", { info: example.info }]) expect(isMethod(other)).toBe(false);
  });
});

describe("the catalogue", () => {
  it("holds every folder's method under the folder's name", async () => {
    const catalogue = await loadCatalogue();
    expect([...catalogue.keys()]).toEqual(
      expect.arrayContaining(["convert-fp16", "quantize-dynamic", "quantize-static"]),
    );
    for (const [id, method] of catalogue) {
      expect(method.info.id).toBe(id);
      expect(method.info.summary).toMatch(/\.$/);
      // Every parameter has a default, a title and a description.
      expect(() => method.parse({}), id).not.toThrow();
      for (const [name, schema] of Object.entries(method.info.params["properties"] as Record<string, object>)) {
        expect(schema, `${id}.${name}`).toMatchObject({
          title: expect.stringMatching(/^[A-Z]/) as string,
          description: expect.stringMatching(/\.$/) as string,
        });
      }
    }
  });

  it("names the methods that there are where one is unknown", async () => {
    await expect(findMethod("quantise")).rejects.toMatchObject({
      code: "not-found",
      message: 'There is no method "quantise".',
      hint: `Methods: ${[...(await loadCatalogue()).keys()].join(", ")}.`,
    });
  });
});
