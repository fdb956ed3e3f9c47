import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { inspectParts } from "../../core/app/inspectParts.ts";
import { importModel } from "../../core/app/importModel.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { createProject, type Project } from "../../core/app/project.ts";
import { importData } from "../../core/app/projectData.ts";
import { runMethod } from "../../core/app/runMethod.ts";
import type { Json } from "../../core/base/json.ts";
import type { Variant } from "../../core/contract/project.ts";
import { readModel } from "../../core/onnx/read.ts";
import { withSession } from "../../core/runtime/session.ts";
import { sharedData, sharedNote } from "../shared.ts";
import { quietWork, temporaryFolder } from "../app/fixtures.ts";

const folder = join(sharedData ?? "", "cases");
const isThere = sharedData !== undefined && existsSync(folder);
const note = isThere ? "" : sharedNote || " (skipped: the shared data have no cases)";

/** What importing, and running methods with what is given of their parameters, has to come to. */
interface Expected {
  /** Warnings of the import. */
  readonly told?: readonly (string | RegExp)[];
  readonly works?: readonly (readonly [method: string, params: Record<string, Json>])[];
  /** Refused, in these words. */
  readonly refused?: readonly (readonly [method: string, params: Record<string, Json>, message: string])[];
}

const FEW = { samples: 32 };
const SHORT = { epochs: 1 };
const MIXED = ["quantize-mixed", { ...FEW, sensitivitySamples: 16 }] as const;
const NARROWER = { ...SHORT, multiple: 1, minimum: 2, remove: 0.25, baselines: false };
const NAN = 'the constant "w1" holds "NaN" (1 of 216 elements, the first at index 0).';
const CALLED =
  /^This model can be shown and compared, but not run: its functions call each other so often that they stand for "\d\.\d\de\+\d+" ops; 100000 may be run\.$/;

const CASES: Readonly<Record<string, Expected>> = {
  "dynamic-hw": {
    works: [["prune-channels", NARROWER], ["train", SHORT], ["quantize-static", FEW], MIXED],
  },
  "nan-weights": {
    told: [/^The constant "w1" holds "NaN" \(1 of 216 elements, the first at index 0\)\. /],
    refused: [
      ["train", SHORT, `train cannot run on "nan-weights": ${NAN}`],
      ["quantize-static", FEW, `quantize-static cannot run on "nan-weights": ${NAN}`],
      ["prune-channels", NARROWER, `prune-channels cannot run on "nan-weights": ${NAN}`],
    ],
  },
  "same-names": {
    told: [
      '6 nodes had the name of another, "same" for instance, which the runtime refuses; they have a number behind it now.',
    ],
    works: [["train", SHORT], ["prune-channels", NARROWER], ["quantize-static", FEW], MIXED],
  },
  "dead-depthwise": { works: [["quantize-static", FEW], MIXED] },
  "if-outer": {
    works: [["quantize-static", FEW], MIXED, ["train", SHORT]],
    // What chooses is the mean over all channels, which is another one without some of them.
    refused: [["prune-channels", NARROWER, "No group of channels can be pruned."]],
  },
  "function-bomb": { told: [CALLED] },
  "function-nest": { told: [CALLED] },
  "two-inputs": {},
  "two-outputs": {},
  segmentation: {},
  "uint8-binary": {},
  "argmax-out": {},
  "vit-mini": { works: [MIXED] },
};

describe.skipIf(!isThere)(`models with one awkward property each${note}`, () => {
  const projects: Project[] = [];
  afterAll(() => {
    for (const { store } of projects) store.close();
  });

  async function bringIn(name: string): Promise<{ readonly project: Project; readonly variant: Variant }> {
    const project = await createProject(join(temporaryFolder(), "project"), {}, nodeHost);
    projects.push(project);
    const variant = await importModel(project, join(folder, `${name}.onnx`), quietWork());
    return { project, variant };
  }

  it("are all looked at", () => {
    const files = readdirSync(folder).filter((f) => f.endsWith(".onnx"));
    expect(files.map((f) => f.replace(/\.onnx$/, "")).toSorted()).toEqual(Object.keys(CASES).toSorted());
  });

  it.each(Object.keys(CASES))("%s comes in, and what is wrong with it is said", async (name) => {
    const { variant } = await bringIn(name);
    expect(variant.warnings).toEqual(
      (CASES[name]?.told ?? []).map((t) => (typeof t === "string" ? t : (expect.stringMatching(t) as unknown))),
    );
  });

  const tried = Object.entries(CASES).flatMap(([name, { works = [], refused = [] }]) =>
    [...works.map((w) => [...w, undefined] as const), ...refused].map((w) => [name, ...w] as const),
  );
  it.each(tried)("%s and %s", async (...[name, method, params, message]) => {
    const { project } = await bringIn(name);
    await importData(project, join(sharedData ?? "", "datasets/cifar10-5k"), quietWork());
    const request = { method, params, seed: 0, threads: 1 };
    const running = runMethod(project, request, { ...quietWork(), from: name });
    if (message === undefined) {
      const made = await running;
      const path = project.store.artifacts.path(made.model);
      const { inputs } = await withSession({ path }, { host: nodeHost }, ({ inputs }) => Promise.resolve({ inputs }));
      expect(inputs).toHaveLength(1);
    } else await expect(running).rejects.toThrow(message);
  });

  it.each(["function-bomb", "function-nest"])("%s is shown with its calls closed", async (name) => {
    const path = join(folder, `${name}.onnx`);
    const { graph } = await readModel(path, nodeHost);
    const { parts } = await inspectParts({ key: path, path, name, bytes: 0 }, nodeHost);
    expect(parts.reduce((sum, p) => sum + p.ops, 0)).toBeLessThanOrEqual(graph.nodes.length);
    expect(parts.some((p) => p.unopened === 2)).toBe(true);
  });
});
