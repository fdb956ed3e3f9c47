import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import type { Page } from "playwright-core";
import { encodeModel } from "../../core/onnx/encode.ts";
import { callingModel, layer, two } from "../graph/callingModel.ts";
import { longModel } from "../graph/longModel.ts";
import { foreignModel } from "./foreignModel.ts";
import { bench, goTo, page } from "./session.ts";
import { button, chooseFile, complaintsOf, expectAccessible, expectNoOverflow, picture } from "./workbench.ts";

beforeAll(async () => {
  writeFileSync(join(bench.folder, "work", "long.onnx"), encodeModel(longModel(5000)));
  writeFileSync(join(bench.folder, "work", "foreign.onnx"), encodeModel(foreignModel()));
  writeFileSync(join(bench.folder, "work", "calls.onnx"), encodeModel(callingModel([layer, two])));
}, 240_000);

const LONG = 240_000;
const graph = (name: string): ReturnType<Page["getByRole"]> => page.getByRole("group", { name: `Graph of ${name}` });
const part = (name: RegExp): ReturnType<Page["getByRole"]> =>
  page.locator(".graph").first().getByRole("button", { name });

it(
  "says what to do where there is no model",
  async () => {
    await page.getByRole("button", { name: /^New project/ }).click();
    await page.getByRole("dialog").getByLabel("Name").fill("Empty");
    await button(page, "Create project").click();
    await page.getByText("No model yet").waitFor();
    await page.keyboard.press("Alt+4");
    await page.getByText("Import one to see its blocks and layers.").waitFor();
    await expectAccessible(page, "no model");
    await picture(page, "model-empty");
    await page.getByRole("link", { name: "Home" }).click();
    await page.getByRole("button", { name: /^Sample project/ }).click();
    await page.getByRole("heading", { name: "Baseline: fashion-mnist" }).waitFor();
  },
  LONG,
);

it("shows a model as blocks, and opens them", async () => {
  await goTo("Model");
  await graph("fashion-mnist").waitFor();
  await part(
    /^Block layer1, Conv ×4, BatchNormalization ×4, Relu ×4, …, 14 ops, in batch×16×28×28, float32$/,
  ).waitFor();
  await expectAccessible(page, "model");
  await picture(page, "model-blocks");
  await part(/^Block layer1,/).dblclick();
  const tree = page.getByRole("tree");
  await tree.getByRole("treeitem", { name: /^Block layer1.1,/ }).dblclick();
  await tree.getByRole("treeitem", { name: /^Conv conv2, in / }).click();
  const details = page.getByRole("complementary", { name: "Details" });
  await details.getByText("layer1.1.conv2", { exact: true }).first().waitFor();
  await details.getByText("kernel_shape").waitFor();
  await details.getByText("Values").first().click();
  await details.getByText("Sparsity").waitFor();
  await expectAccessible(page, "details");
  await picture(page, "model-details");
});

it("is walked by key: the tree, the graph, search", async () => {
  await page.keyboard.press("Control+f");
  await page.keyboard.type("Gemm");
  await page.getByRole("option", { name: /^Gemm fc/ }).waitFor();
  await expectAccessible(page, "search");
  await picture(page, "model-search");
  await page.keyboard.press("Enter");
  const details = page.getByRole("complementary", { name: "Details" });
  await details.getByText("transB").waitFor();
  const tree = page.getByRole("tree");
  await tree.getByRole("treeitem", { name: /^Gemm fc/ }).focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowDown");
  expect(await tree.getByRole("treeitem", { selected: true }).getAttribute("aria-label")).toMatch(/^Conv conv1, in /);
  await tree.getByRole("treeitem", { name: /^Block layer2,/ }).click();
  await page.keyboard.press("ArrowRight");
  await tree.getByRole("treeitem", { name: /^Block layer2.0,/ }).waitFor();
  await page.keyboard.press("ArrowLeft");
  await tree.getByRole("treeitem", { name: /^Block layer2.0,/ }).waitFor({ state: "detached" });
  await part(/^Conv conv1, in batch×1×/).focus();
  await page.keyboard.press("ArrowDown");
  expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toMatch(/^BatchNorm/);
  await page.keyboard.press("Space");
});

it(
  "colours by figures, and says them",
  async () => {
    await page.getByLabel("Colour by").selectOption({ label: "Parameters" });
    await part(/^Gemm fc, .*params/).waitFor();
    await page.getByRole("list", { name: "Colours: Parameters" }).waitFor();
    await picture(page, "model-colours");
    await page.getByLabel("Colour by").selectOption({ label: "Latency" });
    await page.getByText("No layer has been timed yet.").waitFor();
    await button(page, "Time the layers").click();
    await part(/^Gemm fc, .* [mµ]s/).waitFor({ timeout: 60_000 });
    await page.getByLabel("Colour by").selectOption({ label: "Sparsity" });
    await button(page, "Count zeros").click();
    await part(/^Gemm fc, .*% zeros/).waitFor();
    await expectAccessible(page, "colours");
  },
  LONG,
);

it(
  "puts a variant beside the model, and runs its method again without a layer",
  async () => {
    await page.keyboard.press("Alt+2");
    await page.getByRole("link", { name: /^Dynamic INT8 quantisation/ }).click();
    await button(page, "Review and run").click();
    await button(page, "Run").click();
    await page.getByText("Made quantize-dynamic").waitFor({ timeout: 120_000 });
    await page.keyboard.press("Alt+4");
    await button(page, "Compare with").click();
    await page.getByRole("menuitem", { name: "quantize-dynamic" }).click();
    await graph("quantize-dynamic").waitFor();
    const table = page.getByRole("region", { name: /^Differences, / });
    await table.getByText("changed").first().waitFor();
    await page.getByLabel("Colour by").selectOption({ label: "Bits per weight" });
    await expectAccessible(page, "compare");
    await expectNoOverflow(page, "compare");
    await picture(page, "model-compare");
    await table.getByRole("button", { name: "Exclude and run again: fc" }).click();
    await page.getByRole("heading", { name: "Settings" }).waitFor();
    await page.getByText("fc", { exact: true }).first().waitFor();
  },
  LONG,
);

it(
  "opens a model of 5,000 nodes with no more parts than can be read",
  async () => {
    await importModel("long.onnx");
    await page.keyboard.press("Alt+4");
    await page.getByLabel("Variant", { exact: true }).selectOption({ label: "long" });
    await graph("long").waitFor();
    expect(await page.locator(".graph-part").count()).toBeLessThan(300);
    await picture(page, "model-large");
    await importModel("foreign.onnx");
    await page.keyboard.press("Alt+4");
    await page.getByLabel("Variant", { exact: true }).selectOption({ label: "foreign" });
    await page.getByText(/^Shown, but it cannot run here: /).waitFor();
    await expectAccessible(page, "foreign");
    await importModel("calls.onnx");
    await page.keyboard.press("Alt+4");
    await page.getByLabel("Variant", { exact: true }).selectOption({ label: "calls" });
    // What the model's own functions run is seen within their calls, with the caller's weights.
    await part(/^MatMul product/).first().click(); // prettier-ignore
    const details = page.getByRole("complementary", { name: "Details" });
    await details.getByText("weights", { exact: true }).first().waitFor();
    await expectAccessible(page, "calls");
    await picture(page, "model-calls");
  },
  LONG,
);

it(
  "is as readable in the dark, in a small window, and where the model is gone",
  async () => {
    const address = page.url();
    const dark = await bench.open({ theme: "dark" });
    await dark.goto(address.replace(/\?.*/, ""));
    await dark.getByRole("group", { name: "Graph of fashion-mnist" }).waitFor();
    await dark.getByLabel("Colour by").selectOption({ label: "Parameters" });
    await dark
      .locator(".graph")
      .getByRole("button", { name: /^Block layer3/ })
      .dblclick();
    await dark
      .locator(".graph")
      .getByRole("button", { name: /^Block layer3.0/ })
      .waitFor();
    await expectAccessible(dark, "dark");
    await picture(dark, "model-dark");
    await dark.setViewportSize({ width: 640, height: 400 });
    await expectNoOverflow(dark, "model at 200 %");
    await picture(dark, "model-zoomed");
    expect(complaintsOf(dark)).toEqual([]);
    await dark.goto(address.replace(/\/p\/[^/]+\/model.*/, "/p/0000000000000000/model"));
    await dark.getByRole("alert").waitFor();
    await expectAccessible(dark, "error");
    await dark.close();
  },
  LONG,
);

it("has broken no rule of its security policy, logged no error and asked nobody else", () => {
  expect(complaintsOf(page)).toEqual([]);
});

async function importModel(name: string): Promise<void> {
  await page.keyboard.press("Control+i");
  await chooseFile(page, "work", [name]);
  await button(page, "Import").click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
}
