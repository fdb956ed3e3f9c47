import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, expect, it } from "vitest";
import { sampleProject } from "./searched.ts";
import { bench, goTo, page } from "./session.ts";
import { button, chooseFile, complaintsOf, expectAccessible, expectNoOverflow, picture } from "./workbench.ts";

beforeAll(async () => {
  (await sampleProject(join(bench.folder, "work"), "Families")).store.close();
  await page.getByRole("button", { name: /^Open project/ }).click();
  await chooseFile(page, "work", ["Families"]);
  await page.getByRole("heading", { name: "Families", level: 1 }).waitFor();
}, 240_000);

const LONG = 300_000;
const WAIT = { timeout: LONG / 3 };
/** Given, as measuring one takes longer than an epoch. */
const RATE = { "Learning rate": "0.01" };

interface Family {
  readonly method: string;
  /** Settings by their titles. */
  readonly numbers: Readonly<Record<string, string>>;
  readonly off?: readonly string[];
  readonly makes: string;
}

/** Goes through a method's wizard, step by step, and waits until what it makes is measured. */
async function make({ method, numbers, off = [], makes }: Family): Promise<void> {
  await goTo("Methods");
  await page.getByRole("link", { name: new RegExp(`^${method}`) }).click();
  await page.getByRole("heading", { name: "Settings" }).waitFor();
  for (const [title, value] of Object.entries(numbers))
    await page.getByRole("textbox", { name: title, exact: true }).fill(value);
  for (const title of off) await page.getByRole("checkbox", { name: title }).uncheck({ force: true });
  await button(page, "Next").click();
  await page.getByRole("heading", { name: "Data and evaluation" }).waitFor();
  await button(page, "Next").click();
  await page.getByText(/^lathe run /).waitFor(WAIT);
  const doubts = await page.getByText(/the same model that the run starts from/).count();
  expect(doubts).toBe(makes === "distill-logits" ? 1 : 0);
  await button(page, "Run").click();
  await page.getByRole("heading", { name: `${method} of fashion` }).waitFor(WAIT);
  await button(page, "Compare").waitFor(WAIT);
  const made = page.locator(".job-results .numbers").first();
  await made.getByText(makes, { exact: true }).waitFor();
  // Measured beside the baseline.
  await made.getByText(/of baseline$/).waitFor(WAIT);
  await made.getByText(/points/).first().waitFor(WAIT); // prettier-ignore
}

it(
  "distils, and shows the student beside the one that had no teacher",
  async () => {
    await goTo("Methods");
    await page.getByRole("link", { name: /^Distillation of answers/ }).click();
    // The baseline is there as its teacher; without one it would not run, so there is no way back to none.
    expect(await page.getByLabel("Teacher", { exact: true }).inputValue()).toBe("fashion");
    expect(await page.getByRole("button", { name: "Set Teacher back to its default" }).count()).toBe(0);
    await make({ method: "Distillation of answers", numbers: { Epochs: "1", ...RATE }, makes: "distill-logits" });
    const scores = page.getByRole("region", { name: /^Accuracy on \d+ validation samples/ });
    await scores.getByRole("rowheader", { name: "undistilled student, trained as long" }).waitFor(WAIT);
    // Two trainings are two curves.
    const legend = page.locator(".legend").filter({ hasText: "Training the student" }).first();
    await legend.getByText("Baseline: the student without its teacher").waitFor({ state: "attached" });
    await expectAccessible(page, "distilled");
    await expectNoOverflow(page, "distilled");
    await picture(page, "job-distilled");
  },
  LONG,
);

it(
  "makes weights sparse, and shows what that saves",
  async () => {
    const numbers = { "Fine-tuning": "1", ...RATE };
    await make({ method: "Sparse weights", numbers, off: ["Baselines"], makes: "sparsify-weights" });
    const sizes = page.getByRole("region", { name: "What it takes to store or send" });
    await sizes.getByRole("rowheader", { name: "ONNX file, deflated" }).waitFor(WAIT);
    await expectAccessible(page, "sparse");
    await picture(page, "job-sparse");
  },
  LONG,
);

it(
  "searches, and leads to what it tried",
  async () => {
    await goTo("Methods");
    await page.getByRole("link", { name: /^Random architecture search/ }).click();
    await page.getByLabel("Family", { exact: true }).selectOption("staged");
    const numbers = { Nets: "2", "Epochs per net": "1", "Samples per net": "128", "Further nets": "1" };
    await make({ method: "Random architecture search", numbers, makes: "search-random" });
    await page.getByText("Nets tried", { exact: true }).first().waitFor(WAIT);
    await expectAccessible(page, "searched");
    await expectNoOverflow(page, "searched");
    await picture(page, "job-searched");
    await button(page, "2 trials").click();
    await page.getByRole("heading", { name: "Trials", level: 1 }).waitFor();
    const grid = page.getByRole("grid", { name: "Trials" });
    await expect.poll(() => grid.getAttribute("aria-rowcount")).toBe("3");
    // Settings of stages and blocks are columns of their own.
    await grid.getByRole("columnheader", { name: /^stages\.\d\./ }).first().waitFor(); // prettier-ignore
  },
  LONG,
);

it(
  "lets a trial be edited before it is made again",
  async () => {
    const grid = page.getByRole("grid", { name: "Trials" });
    await grid.locator('[aria-rowindex="2"]').click();
    await button(page, "Edit…").click();
    await page.getByRole("heading", { name: "Settings" }).waitFor();
    expect(await page.getByRole("textbox", { name: "Nets", exact: true }).inputValue()).toBe("1");
    expect(await page.getByRole("textbox", { name: "Epochs per net" }).inputValue()).toBe("1");
    const start = page.locator("#field-start");
    expect(await start.textContent()).toContain('{"resolution":');
    await page.getByRole("textbox", { name: "Epochs per net" }).fill("2");
    await page.getByRole("navigation", { name: "Steps" }).getByRole("button", { name: "Review and run" }).click();
    await page.getByText(/^lathe run search-random .*--trials 1 .*--epochs 2/).waitFor(WAIT);
    await expectAccessible(page, "trial edited");
    await picture(page, "trial-edited");
  },
  LONG,
);

it(
  "has them all in the overview, with what to do next, and side by side",
  async () => {
    const made = ["distill-logits", "sparsify-weights", "search-random"];
    await goTo("Overview");
    for (const name of made) {
      // A search makes a variant of each net on its front, and latencies decide how many those are.
      const header = page.getByRole("rowheader", { name: new RegExp(`^${name}`) });
      const row = page.getByRole("row").filter({ has: header }).first();
      await row.getByText(/ms$|µs$/).first().waitFor(); // prettier-ignore
      expect(await row.textContent()).toMatch(/%.*points.*×/s);
    }
    await button(page, "Quantise to INT8").waitFor();
    await button(page, "Prune channels").waitFor();
    await expectAccessible(page, "overview of families");
    await picture(page, "overview-families");
    await goTo("Compare");
    const table = page.getByRole("region", { name: "Side by side with the baseline, fashion" });
    for (const name of made) await table.getByRole("rowheader", { name }).first().waitFor(WAIT);
    await page.getByRole("heading", { name: "Learning curves" }).waitFor(WAIT);
    await page.getByText("distill-logits, Undistilled").waitFor({ state: "attached" });
  },
  LONG,
);

it(
  "gives a report that opens by itself",
  async () => {
    const saving = page.waitForEvent("download");
    await button(page, "Save as").click();
    await page.getByRole("menuitem", { name: "Report, HTML" }).click();
    const saved = await saving;
    const file = join(bench.folder, saved.suggestedFilename());
    await saved.saveAs(file);
    const report = await page.context().newPage();
    const said: string[] = [];
    report.on("console", (message) => message.type() === "error" && said.push(message.text()));
    await report.goto(pathToFileURL(file).href);
    for (const name of ["distill-logits", "sparsify-weights", "search-random"])
      await report.getByRole("heading", { name, exact: true }).waitFor();
    expect(said).toEqual([]);
    await report.close();
  },
  LONG,
);

it("has broken no rule of its security policy, logged no error and asked nobody else", () => {
  expect(complaintsOf(page)).toEqual([]);
});
