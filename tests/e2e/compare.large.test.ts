import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { addSearch, addVariants, sampleProject } from "./searched.ts";
import { bench, command, page } from "./session.ts";
import { button, chooseFile, complaintsOf, expectAccessible, expectNoOverflow, picture } from "./workbench.ts";

const TRIALS = 20_000;

beforeAll(async () => {
  const project = await sampleProject(join(bench.folder, "work"), "Searched");
  await addVariants(project);
  await addSearch(project, TRIALS);
  project.store.close();
  (await sampleProject(join(bench.folder, "work"), "Fresh")).store.close();
}, 240_000);

it("says what to do where there is nothing to compare yet, and no trial", async () => {
  await openProject("Fresh");
  await go("Compare");
  await page.getByRole("heading", { name: "Only the baseline so far" }).waitFor();
  await expectAccessible(page, "compare, empty");
  await go("Trials");
  await page.getByRole("heading", { name: "No trials yet" }).waitFor();
  await expectAccessible(page, "trials, empty");
  await picture(page, "trials-empty");
});

it("puts variants side by side: only differences, settings, transposed, sorted", async () => {
  await openProject("Searched");
  await page.keyboard.press("Control+d");
  const table = page.getByRole("region", { name: "Side by side with the baseline, fashion" });
  await table.waitFor();
  expect(await table.getByRole("row").count()).toBe(4);
  await page.getByText(/^Latency: batch 1, 1 thread, cpu on .*n = \d+ after/).waitFor();
  const sizes = table.getByRole("columnheader", { name: /^Size/ });
  await sizes.getByRole("button").click();
  expect(await sizes.getAttribute("aria-sort")).toBe("descending");
  const before = await table.getByRole("columnheader").count();
  await page.getByText("Settings", { exact: true }).last().click();
  expect(await table.getByRole("columnheader").count()).toBeGreaterThan(before);
  await page.getByText("Only differences", { exact: true }).click();
  await page.getByText("Transpose", { exact: true }).click();
  await table.getByRole("columnheader", { name: "int8" }).waitFor();
  expect(await table.getByRole("rowheader", { name: "Method" }).count()).toBe(1);
  await picture(page, "compare-transposed");
  for (const name of ["Transpose", "Only differences", "Settings"])
    await page.getByText(name, { exact: true }).last().click();
  await page.getByText(/best/).first().waitFor({ state: "attached" });
});

it("selects in one place what is selected in all: by table, by point, by keyboard, by axis", async () => {
  await page.getByRole("checkbox", { name: "Select int8" }).first().check();
  const status = page.getByRole("status").filter({ hasText: "Selected:" });
  await status.getByText("int8").waitFor();
  expect(await page.getByText("1 of 3 selected.").count()).toBe(1);
  const plot = page.getByRole("group", { name: /^Trade-off\./ });
  await plot.focus();
  await page.keyboard.press("Escape");
  for (let i = 0; i < 2; i++) await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await status.waitFor();
  expect(
    await page
      .getByRole("checkbox", { name: /^Select / })
      .evaluateAll((all) => all.filter((c) => (c as HTMLInputElement).checked).length),
  ).toBe(1);
  await picture(page, "compare-selected");
  await page.keyboard.press("+");
  await page.keyboard.press("0");
  const axes = page.getByRole("group", { name: /^All figures at once\./ });
  await axes.scrollIntoViewIfNeeded();
  const box = (await axes.boundingBox())!;
  await page.mouse.move(box.x + 46, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + 46, box.y + 310, { steps: 4 });
  await page.mouse.up();
  await page.getByText("3 of 3 selected.").waitFor();
  await button(page, "Clear ranges").click();
  await page.getByText("Nothing selected.").waitFor();
  const least = axes.getByRole("slider", { name: "Lower end of Size" });
  expect(await least.getAttribute("aria-valuetext")).toMatch(/^no bound, /);
  await least.focus();
  // One step is enough to have a bound; the smallest is still within it, and far below it no longer.
  await page.keyboard.press("ArrowUp");
  await page.getByText("3 of 3 selected.").waitFor();
  for (let i = 0; i < 3; i++) await page.keyboard.press("PageUp");
  await page.getByText("2 of 3 selected.").waitFor();
  expect(await least.getAttribute("aria-valuetext")).toMatch(/^\d+(\.\d+)? KiB$/);
  await expectAccessible(page, "compare with a bound");
  await picture(page, "compare-bounds");
  await page.keyboard.press("Home");
  await page.getByText("Nothing selected.").waitFor();
});

it("draws bounds, logarithms and the front alone, and gives every chart as a table and as files", async () => {
  await page.getByRole("textbox", { name: /^Latency p50 ≤/ }).fill("100");
  await page.getByText("at most 100").waitFor({ state: "attached" });
  await page.getByRole("textbox", { name: /^Latency p50 ≤/ }).fill("");
  await page.getByRole("checkbox", { name: "Across: logarithmic" }).check({ force: true });
  await page.getByText("Only the front", { exact: true }).click();
  await button(page, "View as table: Trade-off").click();
  const numbers = page.getByRole("region", { name: "Trade-off, table" });
  expect(await numbers.getByRole("rowheader").allTextContents()).toEqual(["fashion", "int8", "trained"]);
  await numbers.getByRole("checkbox", { name: "Select trained" }).check();
  await page.getByRole("status").filter({ hasText: "Selected: trained" }).waitFor();
  for (const [item, file, start] of [
    ["Picture, SVG", "trade-off.svg", "<svg"],
    ["Picture, PNG", "trade-off.png", "\u0089PNG"],
    ["Numbers, CSV", "trade-off.csv", "Name,"],
  ] as const) {
    const saving = page.waitForEvent("download");
    await button(page, "Save: Trade-off").click();
    await page.getByRole("menuitem", { name: item }).click();
    const saved = await saving;
    expect(saved.suggestedFilename()).toBe(file);
    expect(readFileSync(await saved.path(), "latin1").slice(0, start.length)).toBe(start);
  }
  await button(page, "View as chart: Trade-off").click();
  await page.getByText("Only the front", { exact: true }).click();
  await page.getByRole("checkbox", { name: "Across: logarithmic" }).uncheck({ force: true });
  await page
    .getByRole("status")
    .filter({ hasText: "Selected: trained" })
    .getByRole("button", { name: "Clear the selection" })
    .click();
});

it("tells classes, samples, layers and learning curves apart", async () => {
  await page.getByRole("heading", { name: "Learning curves" }).waitFor();
  await button(page, "View as table: Accuracy by class").click();
  const classes = page.getByRole("region", { name: "Accuracy by class, table" });
  expect(await classes.getByRole("rowheader").count()).toBe(10);
  await classes
    .getByText(/to [+−]/)
    .first()
    .waitFor();
  await button(page, "View as chart: Accuracy by class").click();
  const samples = page.getByRole("region", { name: "Samples that variants answer differently" });
  const all = await samples.getByRole("row").count();
  expect(all).toBeGreaterThan(1);
  const link = samples.getByRole("link").first();
  expect(await link.getAttribute("href")).toMatch(/^#\/p\/.*\/data\?.*\d+/);
  await page.getByLabel("Show those").selectOption("lost");
  await page.getByRole("heading", { name: "Samples" }).scrollIntoViewIfNeeded();
  await picture(page, "compare-samples");
  const layers = page.getByRole("region", { name: "Layers side by side" });
  await page.locator('section[aria-labelledby="layers-title"] select').selectOption({ label: "Weight bits" });
  expect(await layers.getByRole("cell", { name: "8", exact: true }).count()).toBeGreaterThan(2);
  await page.locator('section[aria-labelledby="layers-title"] select').selectOption({ label: "Latency, ms" });
  await layers.getByText("Together").waitFor();
  await layers.scrollIntoViewIfNeeded();
  await picture(page, "compare-layers");
});

it("pages through any number of trials, sorted and filtered, by mouse and keyboard", async () => {
  await page.keyboard.press("Alt+t");
  await page.getByRole("heading", { name: "Trials", level: 1 }).waitFor();
  const grid = page.getByRole("grid", { name: "Trials" });
  await grid.getByRole("row").nth(3).waitFor();
  expect(await grid.getAttribute("aria-rowcount")).toBe(String(TRIALS + 1));
  await grid.getByRole("button", { name: "accuracy" }).click();
  expect(await grid.getByRole("columnheader", { name: /^accuracy/ }).getAttribute("aria-sort")).toBe("descending");
  await grid.focus();
  await page.keyboard.press("End");
  await expect.poll(() => grid.getAttribute("aria-activedescendant")).toMatch(new RegExp(`-${TRIALS - 1}$`));
  await grid
    .locator(`[aria-rowindex="${TRIALS + 1}"]`)
    .getByText("failed")
    .waitFor();
  await page.keyboard.press("Home");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: /^Trial \d+ of/ }).waitFor();
  await picture(page, "trial-detail");
  await button(page, "Close the trial").click();
  await page.getByLabel("State").selectOption("failed");
  await expect.poll(async () => Number(await grid.getAttribute("aria-rowcount"))).toBeLessThan(TRIALS / 20);
  await page.getByLabel("State").selectOption("");
  await page.getByLabel("Add a filter").selectOption({ label: "latency" });
  await page.getByLabel("latency, at most").fill("0.5");
  await page.keyboard.press("Enter");
  await page.getByText(/^[\d,]+ of 20,000 trials of 1 job\.$/).waitFor();
  await button(page, "Remove the filter: latency").click();
});

it("selects trials in the charts and shows only these in the table", async () => {
  const plot = page.getByRole("group", { name: /^Front\./ });
  await plot.scrollIntoViewIfNeeded();
  const box = (await plot.boundingBox())!;
  await page.mouse.move(box.x + 80, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + 220, box.y + 200, { steps: 6 });
  await page.mouse.up();
  await picture(page, "trials-brushed");
  await button(page, "Show only these").click();
  const grid = page.getByRole("grid", { name: "Trials" });
  await expect.poll(async () => Number(await grid.getAttribute("aria-rowcount"))).toBeLessThan(TRIALS);
  expect(Number(await grid.getAttribute("aria-rowcount"))).toBeGreaterThan(2);
  await grid.scrollIntoViewIfNeeded();
  await picture(page, "trials-table");
  await button(page, "Show all trials").click();
  await button(page, "Clear the selection").click();
  const kinds = page.getByRole("slider", { name: "Lower end of act" });
  await kinds.focus();
  await page.keyboard.press("ArrowUp");
  expect(await kinds.getAttribute("aria-valuetext")).toBe("relu");
  await button(page, "Show only these").click();
  await expect.poll(async () => Number(await grid.getAttribute("aria-rowcount"))).toBeLessThan((TRIALS * 3) / 4);
  await button(page, "Show all trials").click();
  await button(page, "Clear ranges").click();
  await page.getByText("Hypervolume over time").scrollIntoViewIfNeeded();
  await picture(page, "trials-charts");
});

it("trains a trial as a variant", async () => {
  const grid = page.getByRole("grid", { name: "Trials" });
  await grid.locator('[aria-rowindex="2"]').click();
  await button(page, "Train it as a variant").click();
  await page.getByRole("heading", { name: "Jobs", level: 1 }).waitFor();
});

it("has both screens accessible and inside their window, in light, dark and high contrast, and at 200 %", async () => {
  for (const theme of ["light", "dark", "high contrast"] as const) {
    await command(`Theme: ${theme}`);
    for (const [screen, ready] of [
      ["Compare", "Layers"],
      ["Trials", "Hypervolume over time"],
    ] as const) {
      await go(screen);
      await page.getByText(ready, { exact: true }).first().waitFor();
      await expectAccessible(page, `${screen}, ${theme}`);
      await expectNoOverflow(page, `${screen}, ${theme}`);
      await picture(page, `${theme.replace(" ", "-")}-${screen.toLowerCase()}`);
    }
  }
  await command("Theme: light");
  await page.setViewportSize({ width: 640, height: 400 });
  for (const [screen, ready] of [
    ["Compare", "Layers"],
    ["Trials", "Hypervolume over time"],
  ] as const) {
    await go(screen);
    await page.getByText(ready, { exact: true }).first().waitFor();
    await expectNoOverflow(page, `${screen} at 200 %`);
    await expectAccessible(page, `${screen} at 200 %`);
    await picture(page, `zoomed-${screen.toLowerCase()}`);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}, 240_000);

it("says so where an answer fails", async () => {
  await page.goto(`${bench.address.replace(/#.*/, "")}#/p/0000000000000000/trials`);
  await page.getByRole("alert").getByText('There is no project "0000000000000000".').waitFor();
  await expectAccessible(page, "trials, error");
  await page.goto(`${bench.address.replace(/#.*/, "")}#/p/0000000000000000/compare`);
  await page.getByRole("alert").getByText('There is no project "0000000000000000".').waitFor();
  await expectAccessible(page, "compare, error");
});

it("has broken no rule of its security policy, logged no error and asked nobody else", () => {
  expect(complaintsOf(page)).toEqual([]);
});

async function openProject(name: string): Promise<void> {
  await page.getByRole("navigation", { name: "Screens" }).getByRole("link", { name: "Home" }).click();
  await page.getByRole("button", { name: /^Open project/ }).click();
  await chooseFile(page, "work", [name]);
  await page.getByRole("heading", { name, level: 1 }).waitFor();
}

async function go(screen: string): Promise<void> {
  await page.getByRole("navigation", { name: "Screens" }).getByRole("link", { name: screen }).click();
  await page
    .getByText(/^Loading/)
    .first()
    .waitFor({ state: "detached" });
}
