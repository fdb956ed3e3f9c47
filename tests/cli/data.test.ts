import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { quietWork, writeInputs } from "../app/fixtures.ts";
import { temporaryFolder } from "../data/fixtures.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { importModel } from "../../core/app/importModel.ts";
import { createProject } from "../../core/app/project.ts";
import { importData } from "../../core/app/projectData.ts";

const entry = join(import.meta.dirname, "..", "..", "core", "cli", "main.ts");
let folder: string;

function data(...args: readonly string[]): { readonly code: number | null; readonly out: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [entry, "data", ...args, "--project", folder], {
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  return { code: status, out: `${stdout}${stderr}` };
}

function json(...args: readonly string[]): unknown {
  const { code, out } = data(...args, "--json", "--quiet");
  expect(code, out).toBe(0);
  return JSON.parse(out);
}

beforeAll(async () => {
  const inputs = temporaryFolder();
  folder = join(inputs, "p");
  const { modelFile, dataFolder } = writeInputs(inputs);
  const project = await createProject(folder, {}, nodeHost);
  await importModel(project, modelFile, quietWork());
  await importData(project, dataFolder, { ...quietWork(), preprocessing: "zero-one", splits: { calibration: 48 } });
  project.store.close();
});

it("lathe data lists data sets, classes and samples, and describes a sample's tensor", () => {
  expect(data("list-of-nothing").code).not.toBe(0);
  expect(data().out).toMatch(/d1 +stripes +300 +3 +idx/);
  expect(data("balance").out).toMatch(/^rows +\d+ +\d+ +20 +16$/m);
  const page = json("samples", "--class", "columns", "--split", "test", "--limit", "2", "--reverse");
  expect(page).toMatchObject({ total: 20, samples: [{ class: "columns", split: "test" }, { split: "test" }] });
  expect(data("sample", "3").out).toMatch(/Tensor: float32\[1, 8, 8\]/);
  expect(data("samples", "--wrong").out).toContain("Right, wrong, confidence and disagreement are a variant's.");
  expect(data("samples", "--class", "zebras").out).toContain('There is no class "zebras"');
}, 60_000);

it("lathe data predict keeps what a variant says, and samples are found by it", () => {
  expect(data("samples", "--variant", "v1", "--wrong", "--split", "test").out).toContain("has not looked at test");
  expect(json("predict", "tiny", "--split", "test")).toEqual({ samples: 60, splits: ["test"] });
  expect(json("predict", "tiny", "--split", "test")).toEqual({ samples: 0, splits: ["test"] });
  const right = json("samples", "--variant", "tiny", "--right", "--split", "test") as { total: number };
  const wrong = json("samples", "--variant", "tiny", "--wrong", "--split", "test") as { total: number };
  expect(right.total + wrong.total).toBe(60);
}, 60_000);

it("lathe data calibration tells what a choice means, refuses a leak, and keeps the choice", () => {
  expect(json("calibration")).toMatchObject({
    pick: { samples: 48, from: "train", by: "class", seed: 0 },
    isChosen: false,
  });
  const leak = data("calibration", "--samples", "12", "--from", "test");
  expect(leak.code).not.toBe(0);
  expect(leak.out).toMatch(/"12" of 12 calibration samples are also in the test split/);
  expect(data("calibration", "--samples", "12", "--from", "test", "--dry-run").out).toMatch(
    /Leak: 12 of them are in test/,
  );
  expect(json("calibration", "--samples", "30", "--by", "random", "--seed", "4")).toMatchObject({ isChosen: true });
  expect(json("calibration")).toMatchObject({ pick: { samples: 30, from: "train", by: "random", seed: 4 } });
}, 60_000);
