import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { bench, goTo, page, tabTo } from "./session.ts";
import { button, chooseFile, complaintsOf } from "./workbench.ts";

const LONG = 300_000;
const WAIT = { timeout: LONG / 3 };

it(
  "makes a project, imports, quantises, prunes, compares and exports by mouse",
  async () => {
    await page.getByRole("button", { name: /^New project/ }).click();
    await page.getByRole("dialog").getByLabel("Name").fill("Mouse");
    await button(page, "Create project").click();
    await page.getByText("No model yet").waitFor();
    await button(page, "Import a model").click();
    await chooseFile(page, "samples", ["fashion-mnist", "model.onnx"]);
    await button(page, "Import").click();
    await page.getByRole("heading", { name: "Baseline: model" }).waitFor(WAIT);
    await button(page, "Import data").first().click();
    await chooseFile(page, "samples", ["fashion-mnist"]);
    await button(page, "Import").click();
    await page.getByText("7,000 samples, 10 classes").waitFor(WAIT);

    await goTo("Methods");
    await page.getByRole("link", { name: /^Dynamic INT8 quantisation/ }).click();
    await button(page, "Review and run").click();
    await button(page, "Run").click();
    await page.getByText("Made quantize-dynamic").waitFor(WAIT);
    await button(page, "Compare").waitFor(WAIT);

    await goTo("Methods");
    await page.getByRole("link", { name: /^Pruned channels/ }).click();
    await page.getByRole("textbox", { name: "Fine-tuning" }).fill("0");
    await page.getByRole("checkbox", { name: "Baselines" }).uncheck({ force: true });
    await button(page, "Review and run").click();
    await page.getByText(/lathe run prune-channels .*--epochs 0/).waitFor(WAIT);
    await button(page, "Run").click();
    await page.getByText("Made prune-channels").waitFor(WAIT);
    await button(page, "Compare").click(WAIT);

    await page.getByRole("heading", { name: "Compare", level: 1 }).waitFor();
    await page.getByRole("rowheader", { name: "prune-channels" }).first().waitFor();
    await goTo("Export");
    await page.getByLabel("Variant").selectOption({ label: "prune-channels" });
    await button(page, "Export").click();
    await page.getByText(/^verified: /).waitFor(WAIT);
    expect(existsSync(join(bench.folder, "work", "prune-channels-bundle", "model.onnx"))).toBe(true);
  },
  LONG,
);

it(
  "does all of it by keyboard alone",
  async () => {
    await press("Control+Shift+N");
    await page.getByRole("dialog", { name: "New project" }).waitFor();
    await page.keyboard.type("Keys");
    await press("Enter");
    await page.getByRole("heading", { name: "Keys", level: 1 }).waitFor();
    await page.getByText("No model yet").waitFor();

    await press("Control+i");
    const chooser = page.getByRole("dialog", { name: "Choose an ONNX model" });
    await chooser.waitFor();
    // The chooser opens where the last choice was made.
    await tabTo(/^fashion-mnist/);
    await press("Enter");
    await tabTo(/^model\.onnx/);
    await press("Enter");
    await page.getByRole("dialog", { name: "Import model" }).waitFor();
    await press("Enter");
    await page.getByRole("heading", { name: "Baseline: model" }).waitFor(WAIT);
    await press("Control+Shift+I");
    await page.getByRole("dialog", { name: "Choose a data set" }).waitFor();
    // It starts in the folder where the model was, which is the one to take.
    await tabTo(/^Choose this data$/);
    await press("Enter");
    await page.getByRole("dialog", { name: "Import data" }).waitFor();
    await press("Enter");
    await page.getByText("7,000 samples, 10 classes").waitFor(WAIT);

    await method(/^Dynamic INT8 quantisation/);
    await tabTo(/^Review and run$/);
    await press("Enter");
    await page.getByText(/^lathe run quantize-dynamic/).waitFor(WAIT);
    await press("Control+Enter");
    await page.getByText("Made quantize-dynamic").waitFor(WAIT);
    await page.getByText("The job is done.").waitFor(WAIT);

    await method(/^Pruned channels/);
    await tabTo(/^Baselines/);
    await press("Space");
    await tabTo(/^Fine-tuning/);
    await press("Control+a");
    await page.keyboard.type("0");
    await tabTo(/^Review and run$/);
    await press("Enter");
    await page.getByText(/^lathe run prune-channels .*--epochs 0/).waitFor(WAIT);
    await press("Control+Enter");
    await page.getByText("Made prune-channels").waitFor(WAIT);
    await page.getByText("The job is done.").waitFor(WAIT);

    await press("Control+d");
    await page.getByRole("heading", { name: "Compare", level: 1 }).waitFor();
    await page.getByRole("rowheader", { name: "prune-channels" }).first().waitFor();
    await press("Control+e");
    await page.getByRole("heading", { name: "Export", level: 1 }).waitFor();
    await tabTo(/^Name of the new folder/);
    await press("Control+a");
    await page.keyboard.type("by-keyboard");
    await press("Enter");
    await page.getByText(/^verified: /).waitFor(WAIT);
    expect(existsSync(join(bench.folder, "work", "by-keyboard", "card.json"))).toBe(true);
  },
  LONG,
);

it("has logged no error and asked nobody else", () => {
  expect(complaintsOf(page)).toEqual([]);
});

const press = (keys: string): Promise<void> => page.keyboard.press(keys);

/** Opens a method's wizard at its settings. */
async function method(name: RegExp): Promise<void> {
  await press("Alt+2");
  await page.getByRole("heading", { name: "Methods", level: 1 }).waitFor();
  await tabTo(name);
  await press("Enter");
  await page.getByRole("heading", { name: "Settings" }).waitFor();
}
