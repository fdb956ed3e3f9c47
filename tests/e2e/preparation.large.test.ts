import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { encodeModel } from "../../core/onnx/encode.ts";
import type { ImagePreprocessing } from "../../core/contract/preprocessing.ts";
import { npyArray } from "../data/fixtures.ts";
import { colourModel, writeColours } from "../measure/colours.ts";
import { bench, goTo, page } from "./session.ts";
import { button, chooseFile, complaintsOf, expectAccessible, expectNoOverflow, picture } from "./workbench.ts";

/** What the model was made for: between the presets "imagenet" and "cifar10", which are level for it. */
const TRUE: ImagePreprocessing = {
  kind: "image",
  channels: "rgb",
  height: 32,
  width: 32,
  resize: "none",
  interpolation: "bilinear",
  scale: 1 / 255,
  mean: [0.488, 0.469, 0.426],
  std: [0.238, 0.234, 0.243],
  layout: "nchw",
  type: "float32",
};
const WAIT = { timeout: 60_000 };
const imported = () => page.getByRole("dialog", { name: /^Imported / });
const table = () => page.getByRole("region", { name: "Tried preparations" });

async function importData(parts: readonly string[]): Promise<void> {
  await button(page, "Import data").first().click();
  await chooseFile(page, "work", parts);
  await page.getByRole("dialog", { name: "Import data" }).waitFor();
}

beforeAll(() => {
  const work = join(bench.folder, "work");
  mkdirSync(join(work, "colours"));
  writeFileSync(join(work, "colours.onnx"), encodeModel(colourModel(TRUE)));
  writeColours(join(work, "colours"), { train: 500, test: 50 });
  writeFileSync(join(work, "bare.npy"), npyArray("|u1", [600, 32, 32, 3], new Uint8Array(600 * 3072).fill(90)));
});

it("finds by trying how samples are prepared, shows what was tried, and asks where some are level", async () => {
  await page.getByRole("button", { name: /^New project/ }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Colours");
  await button(page, "Create project").click();
  await page.getByText("No model yet").waitFor();
  await button(page, "Import a model").click();
  await chooseFile(page, "work", ["colours.onnx"]);
  await button(page, "Import").click();
  await page.getByRole("heading", { name: "Baseline: colours" }).waitFor(WAIT);
  await importData(["colours"]);
  await expectAccessible(page, "import data");
  await picture(page, "import-data");
  await button(page, "Import").click();
  await imported().waitFor(WAIT);
  await imported()
    .getByText(/^"(imagenet|cifar10)" was found by trying \d+ preparations on \d+ samples of train/)
    .waitFor();
  await imported()
    .getByText(/preparations are level\.$/)
    .waitFor();
  const names = await table().getByRole("row").getByRole("radio").all();
  expect(names.length).toBeGreaterThan(6);
  await table()
    .getByRole("row", { name: /zero-one .*worse, first guess$/ })
    .waitFor();
  await expectAccessible(page, "imported");
  await expectNoOverflow(page, "imported");
  await picture(page, "imported-preparation");
});

it("takes the one that somebody chooses instead", async () => {
  const other = table()
    .getByRole("row", { name: / level$/ })
    .getByRole("radio")
    .first();
  const name = (await other.getAttribute("value")) ?? "";
  // The radio itself is drawn by its label.
  await table().getByText(name, { exact: true }).click();
  await button(page, `Use “${name}”`).click();
  await imported().waitFor({ state: "detached" });
  await goTo("Data");
  await page.getByRole("tab", { name: "Preparation" }).click();
  await table()
    .getByRole("row", { name: new RegExp(`^${name} .*taken$`) })
    .waitFor();
  await page.getByText(`“${name}” was chosen by hand afterwards.`).waitFor();
  expect(await button(page, "Use this preparation").isDisabled()).toBe(true);
  await expectAccessible(page, "preparation");
  await expectNoOverflow(page, "preparation");
  await picture(page, "data-preparation");
  await table().getByText("raw", { exact: true }).click();
  await button(page, "Use this preparation").click();
  await page.getByRole("region", { name: "What is done to each sample" }).getByText("Subtract the mean").waitFor({
    state: "detached",
  });
  await table()
    .getByRole("row", { name: /^raw .*taken$/ })
    .waitFor();
});

it("does not try anything where a preparation was chosen, and says what it cannot know without labels", async () => {
  await importData(["colours"]);
  await page.getByLabel("Name of the data set").fill("chosen");
  await page.getByRole("dialog").getByLabel("Preparation").selectOption("minus-one-one");
  await button(page, "Import").click();
  await page.getByRole("dialog").waitFor({ state: "detached", ...WAIT });
  await page.getByLabel("Data set", { exact: true }).selectOption({ label: "chosen" });
  await page.getByRole("tab", { name: "Preparation" }).click();
  await page.getByText('Values are normalised as "minus-one-one" says.').waitFor();
  await importData(["bare.npy"]);
  await button(page, "Import").click();
  await imported()
    .getByText(/^The data have no labels, so nothing here can tell/)
    .waitFor(WAIT);
  await expectAccessible(page, "imported without labels");
  await button(page, "Done").click();
  await imported().waitFor({ state: "detached" });
});

it("has logged no error and asked nobody else", () => {
  expect(complaintsOf(page)).toEqual([]);
});
