import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { bench, command, page } from "./session.ts";
import { button, chooseFile, complaintsOf, expectAccessible, expectNoOverflow, picture } from "./workbench.ts";

const screens = () => page.getByRole("navigation", { name: "Screens" });
const samples = () => page.getByRole("listbox", { name: "Samples" });
const list = () => page.getByRole("grid", { name: "Samples" });

it("says that there is no data, and leads to the import", async () => {
  await page.getByRole("button", { name: /^New project/ }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Looking");
  await button(page, "Create project").click();
  await page.getByText("No model yet").waitFor();
  await screens().getByRole("link", { name: "Data" }).click();
  await page.getByText("No data yet").waitFor();
  await expectAccessible(page, "data, empty");
  await picture(page, "data-empty");
  await button(page, "Import a model").click();
  await chooseFile(page, "samples", ["fashion-mnist", "model.onnx"]);
  await page.getByLabel("Name of the variant").fill("fashion");
  await button(page, "Import").click();
  await button(page, "Import data").first().click();
  await chooseFile(page, "samples", ["fashion-mnist"]);
  await button(page, "Import").click();
  await page.getByText("7,000 samples", { exact: true }).waitFor();
});

it("shows samples as a grid and filters them by split, class and name", async () => {
  await samples().getByRole("option").first().locator("img").waitFor();
  await picture(page, "data-grid");
  await page.getByLabel("Class").selectOption({ label: "Sandal" });
  await page.getByLabel("Split").selectOption("test");
  await page.getByText(/^\d+ of 7,000 samples$/).waitFor();
  await samples()
    .getByRole("option", { name: /, test\. Sandal/ })
    .first()
    .waitFor();
  await button(page, "Clear the filters").click();
  await page.getByText("7,000 samples", { exact: true }).waitFor();
});

it("has a variant look at a split, and finds what it got wrong, least sure first", async () => {
  await page.getByLabel("Split").selectOption("validation");
  await page.getByLabel("Predictions of").selectOption({ label: "Predicted by fashion" });
  await page.getByText("Not predicted yet: fashion (validation).").waitFor();
  await button(page, "Predict").click();
  await page.getByText(/Not predicted yet/).waitFor({ state: "detached" });
  await page.getByLabel("Right or wrong").selectOption("wrong");
  await page.getByLabel("Order").selectOption({ label: "Most confident first" });
  await samples()
    .getByRole("option", { name: /wrong: / })
    .first()
    .waitFor();
  await picture(page, "data-wrong");
});

it("shows a sample beside the tensor that the model gets; arrows lead to the next", async () => {
  await samples().getByRole("option").first().click();
  const detail = page.getByRole("region", { name: "Sample", exact: true });
  await detail.getByText("As the model gets it").waitFor();
  await detail.getByText(/float32\[1, 28, 28\]/).waitFor();
  const first = await detail.getByRole("heading", { level: 2 }).textContent();
  await page.keyboard.press("ArrowRight");
  await detail.getByText(/^2 of /).waitFor();
  await expect.poll(() => detail.getByRole("heading", { level: 2 }).textContent()).not.toBe(first);
  await button(page, "Next sample").click();
  await detail.getByText(/^3 of /).waitFor();
  await expectAccessible(page, "data, sample");
  await expectNoOverflow(page, "data, sample");
  await picture(page, "data-sample");
  await button(page, "Show as list").click();
  await list()
    .getByRole("row", { name: /validation/ })
    .first()
    .waitFor();
  await expectAccessible(page, "data, list");
  await picture(page, "data-list");
  await button(page, "Show as grid").click();
  await button(page, "Clear the filters").click();
});

it("shows how the classes are spread, as a chart and as a table", async () => {
  await page.getByRole("tab", { name: "Class balance" }).click();
  await page.getByText(/^10 classes; the largest has/).waitFor();
  await expectAccessible(page, "balance");
  await picture(page, "data-balance");
  await page.getByRole("tabpanel").getByLabel("Split", { exact: true }).selectOption("calibration");
  await page.getByText("Samples of each class, calibration").waitFor();
});

it("picks calibration samples, warns of leaks, and takes the choice back", async () => {
  await page.getByRole("tab", { name: "Calibration" }).click();
  await page.getByText(/^In use: 512 samples of train, stratified, seed 0\./).waitFor();
  await page
    .getByText(/^No leak|^Leak/)
    .first()
    .waitFor();
  await page.getByLabel("Samples", { exact: true }).fill("200");
  await page.getByLabel("From split").selectOption("test");
  await page.getByText(/^Leak: 200 of them are in test/).waitFor();
  expect(await button(page, "Use these samples").isDisabled()).toBe(true);
  await expectAccessible(page, "calibration, leaking");
  await picture(page, "data-calibration-leak");
  await page.getByLabel("From split").selectOption("train");
  await page.getByLabel("Drawn").selectOption("random");
  await page.getByText("The first 24 of 200").waitFor();
  await expect.poll(() => button(page, "Use these samples").isDisabled()).toBe(false);
  await picture(page, "data-calibration");
  await button(page, "Use these samples").click();
  await page.getByText(/^In use: 200 samples of train, at random, seed 0\./).waitFor();
  await button(page, "Undo").click();
  await page.getByText(/^In use: 512 samples of train, stratified, seed 0\./).waitFor();
});

it("is accessible and inside its window in dark and high contrast, narrow and wide", async () => {
  await screens().getByRole("link", { name: "Data" }).click();
  for (const theme of ["dark", "high contrast"] as const) {
    await command(`Theme: ${theme}`);
    for (const part of ["Samples", "Class balance", "Calibration"] as const) {
      await page.getByRole("tab", { name: part }).click();
      if (part === "Samples") await samples().getByRole("option").first().locator("img").waitFor();
      if (part === "Calibration")
        await page
          .getByText(/^No leak|^Leak/)
          .first()
          .waitFor();
      await expectAccessible(page, `${part}, ${theme}`);
      await expectNoOverflow(page, `${part}, ${theme}`);
      await picture(page, `${theme.replace(" ", "-")}-data-${part.toLowerCase().replace(" ", "-")}`);
    }
  }
  await command("Theme: light");
  // 1280 × 800 at 200 %.
  await page.setViewportSize({ width: 640, height: 400 });
  for (const part of ["Samples", "Class balance", "Calibration"] as const) {
    await page.getByRole("tab", { name: part }).click();
    await expectNoOverflow(page, `${part} at 200 %`);
    await expectAccessible(page, `${part} at 200 %`);
    await picture(page, `zoomed-data-${part.toLowerCase().replace(" ", "-")}`);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}, 240_000);

it("says that the files are gone, and goes on when they are back", async () => {
  renameSync(join(bench.folder, "samples", "fashion-mnist"), join(bench.folder, "samples", "away"));
  await page.reload();
  await page
    .getByRole("alert")
    .getByText(/There is no data set at/)
    .waitFor();
  await expectAccessible(page, "data, gone");
  renameSync(join(bench.folder, "samples", "away"), join(bench.folder, "samples", "fashion-mnist"));
  await button(page, "Try again").click();
  await page.getByText("7,000 samples", { exact: true }).waitFor();
});

it("draws only what is in sight of a hundred thousand samples, and gets to the last one", async () => {
  writeMany(join(bench.folder, "work", "many"), 100_000);
  await button(page, "Import data").click();
  await chooseFile(page, "work", ["many"]);
  await button(page, "Import").click();
  await page.getByText("100,000 samples", { exact: true }).waitFor();
  for (const form of ["grid", "list"] as const) {
    await button(page, `Show as ${form}`).click();
    const drawn = form === "grid" ? samples() : list();
    await drawn.focus();
    await page.keyboard.press("End");
    await page.getByText("100,000 of 100,000").waitFor();
    expect(await drawn.locator("[aria-selected]").count()).toBeLessThan(120);
    await drawn.locator("[aria-selected=true] img").waitFor();
    await button(page, "Close the sample").click();
  }
  await picture(page, "data-many");
  await button(page, "Show as grid").click();
  await page.getByLabel("Data set").selectOption({ label: "fashion-mnist" });
  await page.getByText("7,000 samples", { exact: true }).waitFor();
});

it("has broken no rule of its security policy, logged no error and asked nobody else", () => {
  expect(complaintsOf(page)).toEqual([]);
});

/** Images of 28 × 28 as IDX, each with its own level and stripe. */
function writeMany(folder: string, count: number): void {
  mkdirSync(folder);
  const images = new Uint8Array(16 + count * 784);
  const header = new DataView(images.buffer);
  [0x803, count, 28, 28].forEach((n, i) => header.setUint32(i * 4, n));
  const labels = new Uint8Array(8 + count);
  const other = new DataView(labels.buffer);
  [0x801, count].forEach((n, i) => other.setUint32(i * 4, n));
  for (let i = 0; i < count; i++) {
    images.fill(i % 251, 16 + i * 784 + (i % 28) * 28, 16 + (i + 1) * 784);
    labels[8 + i] = i % 10;
  }
  writeFileSync(join(folder, "train-images-idx3-ubyte"), images);
  writeFileSync(join(folder, "train-labels-idx1-ubyte"), labels);
}
