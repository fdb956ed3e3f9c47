import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { newModel } from "../../core/app/newModel.ts";
import { readModel } from "../../core/onnx/read.ts";
import { temporaryFolder } from "../app/fixtures.ts";

const entry = join(import.meta.dirname, "../../core/cli/main.ts");
const work = { host: nodeHost, emit: () => undefined, signal: new AbortController().signal };

function lathe(folder: string, ...args: string[]): { readonly code: number | null; readonly out: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [entry, "new", "model", ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  return { code: status, out: `${stdout}${stderr}` };
}

test("writes a model that says what it was made from", async () => {
  const file = join(temporaryFolder(), "deep", "net.onnx");
  const request = { net: "resnet8", classes: 4, params: { width: 0.5 }, seed: 7 };
  const made = await newModel(request, file, work);
  expect(made).toMatchObject({ file, input: [3, 32, 32], classes: 4, parameters: 19_020 });
  const model = await readModel(file, nodeHost);
  expect(JSON.parse(model.metadata?.["lathe.zoo"] ?? "")).toEqual({ ...request, input: [3, 32, 32] });
  await expect(newModel(request, file, work)).rejects.toMatchObject({ code: "already-exists" });
});

test("leaves nothing behind where the net is refused", async () => {
  const folder = temporaryFolder();
  const request = { net: "unet", input: [1, 30, 30], seed: 0 };
  await expect(newModel(request, join(folder, "x.onnx"), work)).rejects.toMatchObject({ code: "invalid-argument" });
  expect(readdirSync(folder)).toEqual([]);
});

test("the command line takes sizes, classes and the net's own parameters", () => {
  const folder = temporaryFolder();
  const args = ["--classes", "7", "--input", "1x28x28", "--width", "0.25", "--reduction", "8", "--json", "--quiet"];
  const { code, out } = lathe(folder, "mobilenetv2", "--out", "m.onnx", ...args);
  expect(code, out).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ file: join(folder, "m.onnx"), input: [1, 28, 28], classes: 7 });
  expect(existsSync(join(folder, "m.onnx"))).toBe(true);
});

test("the command line lists the zoo", () => {
  const { code, out } = lathe(temporaryFolder());
  expect(code).toBe(0);
  expect(out).toMatch(/^resnet20 +ResNet-20 for small pictures +3x32x32 +10 +270 k +40\.6 M$/m);
});

test.each([
  [["magic"], 4, 'The zoo has no net "magic".'],
  [["resnet20", "--input", "3x"], 2, '"3x" is not a list of sizes such as 3x32x32.'],
  [["resnet20", "--width", "0"], 2, '"0" is not a number from 0.05 to 16.'],
  [["mobilenetv1", "--reduction", "7"], 2, '"7" is not one of 32, 16, 8, 4.'],
])("lathe new model %j fails with code %i", (args, code, message) => {
  const found = lathe(temporaryFolder(), ...args);
  expect(found.code).toBe(code);
  expect(found.out).toContain(message);
});
