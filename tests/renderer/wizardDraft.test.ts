import { expect, it } from "vitest";
import { describeMethod } from "../../core/app/methods.ts";
import type { MethodInfo } from "../../core/contract/method.ts";
import type { LayerName } from "../../core/contract/run.ts";
import type { Overview, VariantView } from "../../core/contract/views.ts";
import {
  addStep,
  chainOf,
  changeStep,
  chooseMethod,
  moveStep,
  removeStep,
  requestOf,
  startDraft,
  stepAt,
} from "../../renderer/features/methods/draft.ts";
import { doubtsIn, problemsIn } from "../../renderer/features/methods/problems.ts";
import { presetOf } from "../../renderer/features/methods/SavePreset.tsx";

const methods: readonly MethodInfo[] = await Promise.all(
  ["quantize-static", "prune-channels", "distill-logits"].map(describeMethod),
);

const variant = (id: string, more: Partial<VariantView> = {}): VariantView => ({
  ...{ id, name: `net-${id}`, at: "", parent: null, isBaseline: id === "v1", recipe: null, sha256: `sha-${id}` },
  ...{ bytes: 1, sizeRatio: 1, isMeasured: false, warnings: [], ...more },
});

const recipe = { lathe: 1, version: 1, seed: 7, threads: 3 } as const;
const overview: Overview = {
  project: {
    ...{ id: "p", folder: "/p", canWrite: true, settings: { name: "p", task: "classification", baseline: "v1" } },
  },
  variants: [
    variant("v1"),
    variant("v2", {
      parent: "v1",
      recipe: { ...recipe, method: "distill-logits", params: { teacher: "sha-v1", epochs: 4 } },
    }),
  ],
  ...{ archived: [], data: [], best: [], suggestions: [], notes: "" },
};
const layers: readonly LayerName[] = ["conv1", "conv2"].map((name) => ({ name, op: "Conv", parameters: 9 }));
const parts = { overview, methods, threads: 2 };
const methodOf = (id: string): MethodInfo => methods.find((m) => m.id === id)!;

it("starts from the baseline, with nothing wrong but the method that is missing", () => {
  const draft = startDraft({ ...parts, start: {} });
  expect(draft).toMatchObject({ from: "v1", seed: "0", threads: "2", provider: "cpu" });
  expect([...problemsIn(draft, { overview, methods, layers })]).toEqual([
    ["goal", [{ text: "Choose a method.", target: "wizard-methods", at: 1 }]],
  ]);
});

it("takes over the recipe of a variant, with models by their names, and leaves a further layer alone", () => {
  const draft = startDraft({ ...parts, start: { clone: "v2" } });
  expect(draft).toMatchObject({ from: "v1", seed: "7", threads: "3" });
  expect(requestOf(draft, methodOf("distill-logits")).params).toEqual({ teacher: "net-v1", epochs: 4 });
  const excluded = startDraft({ ...parts, start: { method: "quantize-static", exclude: "conv2" } });
  expect(requestOf(excluded, methodOf("quantize-static")).params).toEqual({ exclude: ["conv2"] });
  // A method that leaves no layer alone has no place for it.
  const none = startDraft({ ...parts, start: { method: "distill-logits", exclude: "conv2" } });
  expect(requestOf(none, methodOf("distill-logits")).params).toEqual({ teacher: "net-v1" });
});

it("takes parameters from an address, beside what the method has by itself", () => {
  const params = { teacher: "sha-v2", epochs: 9, nothing: 1 };
  const draft = startDraft({ ...parts, start: { method: "distill-logits", from: "v2", params } });
  expect(draft.from).toBe("v2");
  expect(requestOf(draft, methodOf("distill-logits")).params).toEqual({ teacher: "net-v2", epochs: 9 });
  const usual = startDraft({ ...parts, start: { method: "distill-logits", params: { epochs: 9 } } });
  expect(requestOf(usual, methodOf("distill-logits")).params).toEqual({ teacher: "net-v1", epochs: 9 });
});

it("takes over the run that makes a trial again", () => {
  const run = { method: "distill-logits", params: { teacher: "sha-v2", epochs: 9 }, seed: 5, threads: 4, from: "v2" };
  const draft = startDraft({ ...parts, start: { trial: "7" }, run: { ...run, measure: true } });
  expect(draft).toMatchObject({ from: "v2", seed: "5", threads: "4" });
  expect(requestOf(draft, methodOf("distill-logits"))).toMatchObject({
    ...run,
    params: { ...run.params, teacher: "net-v2" },
  });
});

it("begins with the baseline where a method needs a model, and says so where there is none", () => {
  const draft = startDraft({ ...parts, start: { method: "distill-logits" } });
  expect(problemsIn(draft, { overview, methods, layers }).size).toBe(0);
  const without = changeStep(draft, { params: { "distill-logits": { teacher: "" } } });
  expect(problemsIn(without, { overview, methods, layers }).get("method")?.[0]?.text).toBe(
    "Teacher: Choose a variant.",
  );
  const chosen = chooseMethod(startDraft({ ...parts, start: {} }), methodOf("distill-logits"), overview);
  expect(requestOf(chosen, methodOf("distill-logits")).params).toEqual({ teacher: "net-v1" });
});

it("doubts a run that learns from the model that it starts from", () => {
  const draft = startDraft({ ...parts, start: { method: "distill-logits" } });
  expect(doubtsIn(draft, { overview, methods })).toEqual([
    "Teacher: net-v1, the same model that the run starts from. Source has the others.",
  ]);
  expect(doubtsIn({ ...draft, from: "v2" }, { overview, methods })).toEqual([]);
  expect(doubtsIn(startDraft({ ...parts, start: { method: "prune-channels" } }), { overview, methods })).toEqual([]);
});

it("names each wrong field, with where it is", () => {
  let draft = startDraft({ ...parts, start: { method: "quantize-static" } });
  draft = changeStep(
    { ...draft, seed: "x" },
    { params: { "quantize-static": { samples: -3, exclude: ["conv*", "fc"] } } },
  );
  const found = problemsIn(draft, { overview, methods, layers });
  expect(found.get("method")).toEqual([
    { text: "Calibration samples: Enter a number: 1 to 100,000.", target: "field-samples", at: 1 },
    { text: "Layers to leave in float: No layer is called “fc”.", target: "field-exclude", at: 1 },
  ]);
  expect(found.get("evaluation")?.[0]?.target).toBe("wizard-seed-field");
  const taken = changeStep(draft, { name: "net-v2" });
  expect(problemsIn(taken, { overview, methods, layers }).get("source")?.[0]?.text).toBe(
    "There is a variant called net-v2 already.",
  );
});

it("chains methods: adds, moves and removes steps, and asks for all of them", () => {
  let draft = startDraft({ ...parts, start: { method: "prune-channels" } });
  draft = changeStep(addStep(changeStep(draft, { name: "thin" })), { method: "quantize-static" });
  expect(draft.steps.map((s) => s.method)).toEqual(["prune-channels", "quantize-static"]);
  expect(chainOf(draft, methods)).toEqual({
    from: "v1",
    pipeline: {
      ...{ lathe: 1, seed: 0, threads: 2, measure: true },
      steps: [
        { method: "prune-channels", version: methodOf("prune-channels").version, params: {}, name: "thin" },
        { method: "quantize-static", version: methodOf("quantize-static").version, params: {} },
      ],
    },
  });
  expect(moveStep(draft, draft.at, -1).steps.map((s) => s.method)).toEqual(["quantize-static", "prune-channels"]);
  expect(moveStep(draft, draft.at, 1)).toBe(draft);
  const alone = removeStep(draft, draft.at);
  expect(stepAt(alone).method).toBe("prune-channels");
});

it("gives a preset what belongs to no model, and takes it back", () => {
  let draft = startDraft({ ...parts, start: { method: "prune-channels" } });
  draft = changeStep(addStep(changeStep(draft, { name: "thin" })), { method: "quantize-static" });
  const preset = presetOf({ draft, methods, name: "both", scope: "user" });
  expect(preset).toMatchObject({ kind: "pipeline", pipeline: { steps: [{ name: "thin" }, {}] } });
  const back = startDraft({ ...parts, start: {}, preset });
  expect(chainOf(back, methods)).toEqual(chainOf(draft, methods));
});
