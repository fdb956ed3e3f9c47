import { expect, it } from "vitest";
import type { Page } from "playwright-core";
import { bench, page } from "./session.ts";
import { button, chooseFile } from "./workbench.ts";

const LONG = 240_000;

it(
  "opens the sample project with its model and data",
  async () => {
    await page.getByRole("button", { name: /^Sample project/ }).click();
    await page.getByRole("heading", { name: "Baseline: fashion-mnist" }).waitFor();
    await page.getByText("7,000 samples, 10 classes").waitFor();
  },
  LONG,
);

it(
  "shows the same in a second window, and what happens in the first",
  async () => {
    const other = await bench.open({ context: page.context() });
    await other.getByRole("navigation", { name: "Open projects" }).getByRole("link").click();
    await other.getByRole("heading", { name: "Baseline: fashion-mnist" }).waitFor();
    await page.getByLabel("Actions for fashion-mnist").click();
    await page.getByRole("menuitem", { name: "Rename…" }).click();
    await page.getByLabel("Name", { exact: true }).fill("first");
    await button(page, "Rename").click();
    await other.getByRole("heading", { name: "Baseline: first" }).waitFor();
    await other.close();
  },
  LONG,
);

it(
  "goes on with a job while its page is loaded anew",
  async () => {
    await startTraining(page);
    await page.reload();
    await page.getByRole("heading", { name: "Jobs" }).waitFor();
    await page.getByText("Running").first().waitFor();
    // The log shows its newest lines; the first has left the view where the training is quick.
    const log = page.getByRole("region", { name: "Log lines" });
    await log
      .getByText(/the job is running|epoch/i)
      .first()
      .waitFor();
  },
  LONG,
);

it(
  "finds a job interrupted after the engine was killed, and resumes it",
  async () => {
    // Killed once there is something to go on from.
    const log = page.getByRole("region", { name: "Log lines" });
    await log
      .getByText(/epoch/i)
      .first()
      .waitFor({ timeout: LONG / 2 });
    await bench.restart();
    await page.getByText("Interrupted").first().waitFor();
    await button(page, "Resume").click();
    await page.getByText("Running").first().waitFor();
    await button(page, "Cancel").click();
    await page.getByText("Cancelled").first().waitFor();
  },
  LONG,
);

it(
  "takes another engine's word for who may ask: a wrong token asks for the right one",
  async () => {
    const stranger = await bench.browser.newContext();
    const asked = await stranger.newPage();
    await asked.goto(bench.address.replace(/#token=.*/, "#token=not-the-right-token"));
    await asked.getByRole("heading", { name: "Lathe asks who you are" }).waitFor();
    await asked.getByLabel("Address or token").fill(bench.address);
    await asked.keyboard.press("Enter");
    await asked.getByRole("heading", { name: "Recent projects" }).waitFor();
    await stranger.close();
  },
  LONG,
);

it(
  "marks a project whose folder is gone, and brings it back to the list",
  async () => {
    await page.getByRole("link", { name: "Home" }).click();
    await button(page, "Take Fashion-MNIST sample off the list").click();
    await page.getByText("No projects yet").waitFor();
    await button(page, "Undo").click();
    await page.getByRole("link", { name: "Fashion-MNIST sample" }).last().waitFor();
  },
  LONG,
);

it(
  "says what cannot be imported, and why",
  async () => {
    await page.getByRole("navigation", { name: "Open projects" }).getByRole("link").first().click();
    await page.keyboard.press("Control+i");
    await chooseFile(page, "samples", ["fashion-mnist", "model.onnx"]);
    await page.getByLabel("Name of the variant").fill("first");
    await button(page, "Import").click();
    await page.getByRole("alert").getByText('The project already has a variant called "first".').waitFor();
    await button(page, "Cancel").click();
  },
  LONG,
);

/** A training that lasts for minutes. */
async function startTraining(on: Page): Promise<void> {
  await on.getByRole("navigation", { name: "Screens" }).getByRole("link", { name: "Methods" }).click();
  await on.getByRole("link", { name: /^Training/ }).click();
  await on.getByRole("textbox", { name: "Epochs" }).fill("200");
  await button(on, "Review and run").click();
  await button(on, "Run").click();
  await on.getByText("Running").first().waitFor();
  expect(await on.getByRole("heading", { name: "Jobs" }).count()).toBe(1);
}
