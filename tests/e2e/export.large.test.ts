import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readModel } from "../../core/onnx/read.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { bench, page } from "./session.ts";
import { button, complaintsOf, expectAccessible, expectNoOverflow, picture } from "./workbench.ts";

const LONG = 300_000;
const WAIT = { timeout: LONG / 3 };
const theme = (name: "light" | "dark"): Promise<void> => page.emulateMedia({ colorScheme: name });
const row = (name: string) => page.getByRole("row").filter({ has: page.getByRole("rowheader", { name, exact: true }) });

it(
  "says what would be written, and follows the choices",
  async () => {
    await page.getByText("Sample project", { exact: true }).click();
    await page.getByText("What next", { exact: true }).waitFor(WAIT);
    await page.keyboard.press("Control+e");
    await page.getByRole("heading", { name: "Export", level: 1 }).waitFor();
    await page.getByText("The model’s bytes stay as they are.").waitFor(WAIT);
    await page.getByText(/^lathe export fashion-mnist --project .* --out fashion-mnist-bundle$/).waitFor();
    await expectAccessible(page, "export, light");
    await expectNoOverflow(page, "export");
    await picture(page, "export");

    await page.getByLabel("Format").selectOption("external");
    await page.getByLabel("Operator set", { exact: true }).selectOption("21");
    await page.getByRole("textbox", { name: "Samples in a call" }).fill("4");
    await page.getByRole("textbox", { name: /^New name of input / }).fill("image");
    await page.getByText("model.onnx.data", { exact: true }).waitFor(WAIT);
    await page.getByText(/^Is brought from operator set \d+ to 21\.$/).waitFor();
    await page.getByText("Fixes the samples in a call: 4.").waitFor();
    await expect.poll(() => row("Operator set").textContent()).toMatch(/21$/);
    await expect.poll(() => row("Input").textContent()).toMatch(/image: float32\[4,/);
    await page.getByText(/--format external --opset 21 --batch 4 --rename \S+=image /).waitFor();
    await expectNoOverflow(page, "export with choices");
    await picture(page, "export-choices");
  },
  LONG,
);

it(
  "tells beside the field what cannot be, in light and dark, and at 200 %",
  async () => {
    await page.getByRole("textbox", { name: /^New name of output / }).fill("image");
    await page.getByRole("textbox", { name: "Samples in a call" }).fill("some more");
    await page.getByText(/would both be called "image"/).waitFor(WAIT);
    await page.getByText(/"some more" is neither a number of samples nor a name\./).waitFor(WAIT);
    await page.getByText("Correct what is marked: Samples in a call, Names of inputs and outputs.").waitFor();
    expect(await button(page, "Export").isDisabled()).toBe(true);
    expect(await page.getByRole("textbox", { name: "Samples in a call" }).getAttribute("aria-invalid")).toBe("true");
    for (const name of ["light", "dark"] as const) {
      await theme(name);
      await expectAccessible(page, `export with errors, ${name}`);
    }
    await picture(page, "export-errors-dark");
    await page.setViewportSize({ width: 640, height: 400 });
    await expectNoOverflow(page, "export with errors at 200 %");
    await expectAccessible(page, "export with errors at 200 %");
    await picture(page, "zoomed-export-errors");
    await page.setViewportSize({ width: 1280, height: 800 });
    await theme("light");
    await page.getByRole("textbox", { name: /^New name of output / }).fill("");
    await page.getByRole("textbox", { name: "Samples in a call" }).fill("4");
    await expect.poll(() => button(page, "Export").isEnabled(), WAIT).toBe(true);
  },
  LONG,
);

it(
  "writes what it said, and shows how it compares",
  async () => {
    await button(page, "Export").click();
    await page.getByText(/^verified: /).waitFor(WAIT);
    await page.getByRole("rowheader", { name: "Exported file" }).waitFor();
    await page.getByText(/^up to .* accepted$/).waitFor();
    for (const name of ["light", "dark"] as const) {
      await theme(name);
      await expectAccessible(page, `exported, ${name}`);
    }
    await expectNoOverflow(page, "exported");
    await picture(page, "export-verified-dark");
    await page.setViewportSize({ width: 640, height: 400 });
    await expectNoOverflow(page, "exported at 200 %");
    await expectAccessible(page, "exported at 200 %");
    await page.getByRole("rowheader", { name: "Exported file" }).scrollIntoViewIfNeeded();
    await picture(page, "zoomed-export-verified");
    await page.setViewportSize({ width: 1280, height: 800 });
    await theme("light");
    const folder = join(bench.folder, "work", "fashion-mnist-bundle");
    const { graph, opsets } = await readModel(join(folder, "model.onnx"), nodeHost);
    expect([opsets[""], graph.inputs[0]?.name]).toEqual([21, "image"]);
    expect(existsSync(join(folder, "model.onnx.data"))).toBe(true);
    const card = JSON.parse(readFileSync(join(folder, "card.json"), "utf8")) as { readonly export: object };
    expect(card.export).toMatchObject({ choices: { format: "external", opset: 21, batch: "4" } });
  },
  LONG,
);

it("has logged no error and asked nobody else", () => {
  expect(complaintsOf(page)).toEqual([]);
});
