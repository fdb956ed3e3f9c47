import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { bench, page, tabTo } from "./session.ts";
import { complaintsOf, picture } from "./workbench.ts";

const LONG = 300_000;

it(
  "newcomer: gets from the home screen to an exported INT8 model by visible labels alone",
  async () => {
    await page.getByText("Sample project", { exact: true }).click();
    await page.getByText("What next", { exact: true }).waitFor();
    await page.getByText("Quantise to INT8", { exact: true }).click();
    for (const step of ["Data and evaluation", "Review and run"]) {
      await page.getByText("Next", { exact: true }).click();
      await page.getByRole("heading", { name: step }).waitFor();
    }
    await page.getByText("Run", { exact: true }).click();
    await page
      .getByText("Done", { exact: true })
      .first()
      .waitFor({ timeout: LONG / 2 });
    await page.getByText("Export", { exact: true }).click();
    await page.getByRole("heading", { name: "Export" }).waitFor();
    await page.getByRole("button", { name: "Export", exact: true }).click();
    await page.getByText(/^verified: /).waitFor({ timeout: LONG / 3 });
    await picture(page, "export-done");
    expect(existsSync(join(bench.folder, "work", "quantize-static-bundle", "model.onnx"))).toBe(true);
  },
  LONG,
);

it(
  "does the same again by keyboard alone",
  async () => {
    await page.keyboard.press("Alt+2");
    await page.getByRole("heading", { name: "Methods" }).waitFor();
    await tabTo(/^Dynamic INT8 quantisation/);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Settings" }).waitFor();
    await tabTo(/^Review and run$/);
    await page.keyboard.press("Enter");
    await tabTo(/^Run$/);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Dynamic INT8 quantisation of fashion-mnist" }).waitFor();
    await page.getByText("Made quantize-dynamic").waitFor({ timeout: LONG / 2 });
    await page.getByText("The job is done.").waitFor({ timeout: LONG / 2 });
    await page.keyboard.press("Control+d");
    await page.getByRole("heading", { name: "Compare" }).waitFor();
    await page.getByRole("rowheader", { name: "quantize-dynamic" }).first().waitFor();
    await page.keyboard.press("Control+e");
    await page.getByRole("heading", { name: "Export" }).waitFor();
    await tabTo(/^Name of the new folder/);
    await page.keyboard.press("Control+a");
    await page.keyboard.type("by-keyboard");
    await page.keyboard.press("Enter");
    await page.getByText(/^verified: /).waitFor({ timeout: LONG / 3 });
    expect(existsSync(join(bench.folder, "work", "by-keyboard", "card.json"))).toBe(true);
  },
  LONG,
);

it("has logged no error and asked nobody else", () => {
  expect(complaintsOf(page)).toEqual([]);
});
