import { expect, it } from "vitest";
import { command, goTo, page } from "./session.ts";
import { button, chooseFile, complaintsOf, expectAccessible, expectNoOverflow, picture } from "./workbench.ts";

/** In the order of the tour: each goes on where the one before it ended. */
it("makes a project", async () => {
  await page.getByText("No projects yet").waitFor();
  await picture(page, "home-empty");
  await page.getByRole("button", { name: /^New project/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Tour");
  await expectAccessible(page, "new project");
  await picture(page, "new-project");
  await button(dialog, "Create project").click();
  await page.getByRole("heading", { name: "Tour", level: 1 }).waitFor();
  await page.getByText("No model yet").waitFor();
  await picture(page, "overview-empty");
});

it("imports a model and data through the engine's own file browser", async () => {
  await button(page, "Import a model").click();
  await page.getByLabel("Starting folder").selectOption({ label: "samples" });
  await button(page, "Open folder fashion-mnist").click();
  await page.getByRole("button", { name: /^model\.onnx/ }).click();
  await expectAccessible(page, "file chooser");
  await picture(page, "file-chooser");
  await button(page, "Choose this model").click();
  await page.getByLabel("Name of the variant").fill("fashion");
  await button(page, "Import").click();
  await page.getByRole("heading", { name: "Baseline: fashion" }).waitFor();

  await button(page, "Import data").first().click();
  await chooseFile(page, "samples", ["fashion-mnist"]);
  await page.getByLabel("Name of the data set").waitFor();
  await expectAccessible(page, "import data");
  await button(page, "Import").click();
  await page.getByText("7,000 samples, 10 classes").waitFor();
  await picture(page, "overview-imported");
});

it("quantises it through the wizard, and shows the job while it runs", async () => {
  await page.getByRole("link", { name: "Methods" }).click();
  await page.getByRole("heading", { name: "Methods" }).waitFor();
  await picture(page, "methods");
  await page.getByRole("link", { name: /^Static INT8 quantisation/ }).click();
  await page.getByRole("heading", { name: "Settings" }).waitFor();
  await picture(page, "wizard-settings");
  await page.getByRole("textbox", { name: "Calibration samples" }).fill("none");
  await page.getByText("Enter a number.", { exact: true }).waitFor();
  await button(page, "Set Calibration samples back to its default").click();
  await page.getByRole("textbox", { name: "Calibration samples" }).fill("128");
  await button(page, "Back").click();
  await button(page, "Back").click();
  await page.getByLabel("Name of the new variant").fill("small");
  await picture(page, "wizard-source");
  await button(page, "Next").click();
  await picture(page, "wizard-goal");
  await button(page, "Next").click();
  expect(await page.getByRole("textbox", { name: "Calibration samples" }).inputValue()).toBe("128");
  await button(page, "Next").click();
  await picture(page, "wizard-evaluation");
  await button(page, "Next").click();
  await page.getByText(/--from fashion --name small --data fashion-mnist .*--samples 128/).waitFor();
  await picture(page, "wizard-review");
  await expectAccessible(page, "review");
  await button(page, "Run").click();
  await page.getByRole("heading", { name: "Jobs" }).waitFor();
  await page.getByText("Running").first().waitFor();
  await picture(page, "job-running");
  await button(page, "Compare").waitFor({ timeout: 150_000 });
  expect(await page.getByText("Made small (v2)").count()).toBe(1);
  await picture(page, "job-done");
}, 240_000);

it("compares the two, in a table, in charts, and in each chart's table", async () => {
  await button(page, "Compare").click();
  const table = page.getByRole("region", { name: /^Side by side with the baseline/ });
  await table.waitFor();
  expect(await table.getByRole("row").count()).toBe(3);
  await picture(page, "compare");
  await button(page, "View as table: Trade-off").click();
  const numbers = page.getByRole("region", { name: "Trade-off, table" });
  expect(await numbers.getByRole("rowheader").allTextContents()).toEqual(["fashion", "small"]);
  await table.getByRole("columnheader", { name: /^Size/ }).getByRole("button").click();
  expect(await table.getByRole("columnheader", { name: /^Size/ }).getAttribute("aria-sort")).toBe("descending");
  const saving = page.waitForEvent("download");
  await button(page, "Save as").click();
  await page.getByRole("menuitem", { name: "Report, HTML" }).click();
  expect((await saving).suggestedFilename()).toBe("Tour.html");
  await page.getByRole("link", { name: "Overview" }).click();
  await page.getByText("Smallest within 1 point").waitFor();
  await picture(page, "overview");
});

it("has every screen accessible and inside its window, in light, dark and high contrast, narrow and wide", async () => {
  const screens = ["Overview", "Methods", "Jobs", "Compare", "Export", "Settings", "Home"] as const;
  for (const theme of ["light", "dark", "high contrast"] as const) {
    await command(`Theme: ${theme}`);
    for (const screen of screens) {
      await goTo(screen);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.getByText(/^Loading/).waitFor({ state: "detached" });
      await expectAccessible(page, `${screen}, ${theme}`);
      await expectNoOverflow(page, `${screen}, ${theme}`);
      await picture(page, `${theme.replace(" ", "-")}-${screen.toLowerCase()}`);
      if (screen === "Settings" || screen === "Home")
        await page.getByRole("navigation", { name: "Open projects" }).getByRole("link").first().click();
    }
  }
  // 1280 × 800 at 200 %.
  await command("Theme: light");
  await page.setViewportSize({ width: 640, height: 400 });
  for (const screen of screens) {
    await goTo(screen);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.getByText(/^Loading/).waitFor({ state: "detached" });
    await expectNoOverflow(page, `${screen} at 200 %`);
    await expectAccessible(page, `${screen} at 200 %`);
    await picture(page, `zoomed-${screen.toLowerCase()}`);
    if (screen === "Settings")
      await page.getByRole("navigation", { name: "Open projects" }).getByRole("link").first().click();
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}, 400_000);

it("has its dialogs and panels accessible", async () => {
  await page.getByRole("navigation", { name: "Open projects" }).getByRole("link").first().click();
  await page.keyboard.press("Control+k");
  await page.getByLabel("Command", { exact: true }).waitFor();
  await expectAccessible(page, "palette");
  await picture(page, "palette");
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await expectAccessible(page, "keys");
  await picture(page, "keys");
  await page.keyboard.press("Escape");
  await goTo("Overview");
  await button(page, "small").click();
  await page.getByRole("complementary", { name: "Inspector" }).getByText("QuantizeLinear").waitFor();
  await page.keyboard.press("Control+Alt+j");
  await page.getByRole("region", { name: "Bottom panel", exact: true }).waitFor();
  await expectAccessible(page, "panels");
  await picture(page, "panels");
  await page.keyboard.press("Control+Alt+j");
  await page.keyboard.press("Control+Alt+b");
});

it("undoes what was done in passing", async () => {
  await button(page, "Actions for small").click();
  await page.getByRole("menuitem", { name: "Make it the baseline" }).click();
  await page.getByRole("heading", { name: "Baseline: small" }).waitFor();
  await expectAccessible(page, "toast");
  await button(page, "Undo").click();
  await page.getByRole("heading", { name: "Baseline: fashion" }).waitFor();
});

it("has broken no rule of its security policy, logged no error and asked nobody else", () => {
  expect(complaintsOf(page)).toEqual([]);
});
