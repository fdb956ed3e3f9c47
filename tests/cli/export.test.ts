import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EXIT_CODES } from "../../core/cli/failure.ts";
import { exportChoices } from "../../core/contract/export.ts";
import { flagName } from "../../core/contract/method.ts";
import { temporaryFolder, writeInputs } from "../app/fixtures.ts";

const entry = join(import.meta.dirname, "..", "..", "core", "cli", "main.ts");

function lathe(folder: string, ...args: string[]) {
  return spawnSync(process.execPath, [entry, ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "" },
  });
}

function tinyProject(): string {
  const folder = temporaryFolder();
  const { modelFile } = writeInputs(folder);
  lathe(folder, "init", "p");
  lathe(folder, "import", "model", modelFile, "--project", "p");
  return folder;
}

test("lathe export has a flag for each choice, and its help tells their defaults", () => {
  const { stdout, status } = lathe(temporaryFolder(), "export", "--help");
  expect(status).toBe(0);
  for (const name of Object.keys(exportChoices.shape)) expect(stdout).toContain(`--${flagName(name)} <`);
  const text = stdout.replace(/\s+/g, " ");
  expect(text).toContain('(default: keep) (choices: "keep", "inline", "external", "ort")');
  expect(text).toContain("(default: 16) [a whole number from 1 to 1000]");
  expect(text).not.toContain("(default: )");
});

test("lathe export says what it would write, and writes what it said", () => {
  const folder = tinyProject();
  const choices = ["--opset", "21", "--batch", "4", "--rename", "image=x", "--rename", "scores=y", "--file", "net"];
  const asked = lathe(folder, "export", "tiny", ...choices, "--plan", "--project", "p");
  expect(asked.stdout.split("\n")).toEqual([
    expect.stringMatching(/^File {4}net\.onnx, \d/),
    "Beside  README.md, card.json, parity/, run.mjs, run.py, verification.json",
    "Opset   17 → 21",
    "Input   image: float32[batch,1,8,8] → x: float32[4,1,8,8]",
    "Output  scores: float32[batch,3] → y: float32[4,3]",
    "Is brought from operator set 17 to 21.",
    "Fixes the samples in a call: 4.",
    "Renames: image → x, scores → y.",
    "",
  ]);
  expect(existsSync(join(folder, "bundle"))).toBe(false);
  const { stdout } = lathe(folder, "export", "tiny", ...choices, "--out", "bundle", "--project", "p", "--json");
  expect(JSON.parse(stdout)).toMatchObject({
    verification: { parity: { samples: 4, agreement: 1 }, latency: { exported: { batch: 4 } }, isVerified: true },
  });
  const card = JSON.parse(readFileSync(join(folder, "bundle", "card.json"), "utf8")) as object;
  expect(card).toMatchObject({
    model: { file: "net.onnx", opset: 21 },
    export: { choices: { opset: 21, batch: "4", rename: ["image=x", "scores=y"], format: "keep", samples: 16 } },
  });
});

test.each([
  [["--opset", "9"], "invalid-argument", "Option '--opset <value>' argument '9' is invalid."],
  [["--format", "zip"], "invalid-argument", "Allowed choices are keep, inline, external, ort."],
  [["--samples", "0"], "invalid-argument", '"0" is not a whole number from 1 to 1000.'],
  [["--rename", "a=b"], "invalid-argument", '"a=b" names no input or output.'],
  [["--batch", "-3"], "invalid-argument", '"-3" is neither a number of samples nor a name.'],
] as const)("lathe export %j fails as %s and writes nothing", (flags, code, message) => {
  const folder = tinyProject();
  const { status, stderr } = lathe(folder, "export", "tiny", ...flags, "--out", "bundle", "--project", "p");
  expect([status, stderr.includes(message)], stderr).toEqual([EXIT_CODES[code], true]);
  expect(existsSync(join(folder, "bundle"))).toBe(false);
  const planned = lathe(folder, "export", "tiny", "--project", "p");
  expect(planned.stderr).toContain("Nothing says where to write the bundle.");
});
