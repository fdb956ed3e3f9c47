import { beforeAll, expect, it } from "vitest";
import { goTo, page } from "./session.ts";
import { button, complaintsOf, expectAccessible, expectNoOverflow, picture } from "./workbench.ts";

beforeAll(async () => {
  await page.getByRole("button", { name: /^Sample project/ }).click();
  await page.getByRole("heading", { name: "Baseline: fashion-mnist" }).waitFor();
  await page.getByText("7,000 samples, 10 classes").waitFor();
}, 240_000);

const LONG = 240_000;

async function rail(step: string): Promise<void> {
  await page.getByRole("navigation", { name: "Steps" }).getByRole("button", { name: step }).click();
}

it("says where there are no jobs, and where an address leads to none, in light and dark", async () => {
  await goTo("Jobs");
  await page.getByText("No jobs yet").waitFor();
  await expectAccessible(page, "no jobs");
  await picture(page, "jobs-empty");
  const project = /\/p\/([^/]+)\//.exec(page.url())?.[1] ?? "";
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto(`${new URL(page.url()).origin}/#/p/unknown/wizard`);
  await page.getByText('There is no project "unknown".').waitFor();
  await expectAccessible(page, "wizard of no project, dark");
  await page.goto(`${new URL(page.url()).origin}/#/p/${project}/jobs`);
  await page.emulateMedia({ colorScheme: "light" });
});

it(
  "flags what is wrong on the rail and leads from the summary to the field",
  async () => {
    await goTo("Methods");
    await page.getByRole("link", { name: /^Pruned channels/ }).click();
    await page.getByRole("heading", { name: "Settings" }).waitFor();
    await page.getByRole("textbox", { name: "Share to remove" }).fill("3");
    await page.getByRole("textbox", { name: "Protected layers" }).fill("nothing-like-this");
    await page.keyboard.press("Enter");
    await page.getByText("2 things are wrong here").waitFor();
    await expectAccessible(page, "wizard with errors");
    await picture(page, "wizard-errors");
    await rail("Review and run");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Review and run");
    await page.getByText("This cannot run yet").waitFor();
    await page.getByRole("button", { name: /^Share to remove/ }).click();
    await page.getByRole("heading", { name: "Settings" }).waitFor();
    const focused = page.locator("input:focus");
    expect(await focused.inputValue()).toBe("3");
    await focused.fill("0.3");
    await page.getByRole("button", { name: "Set Protected layers back to its default" }).click();
    await page.getByText("wrong here").waitFor({ state: "detached" });
  },
  LONG,
);

it("offers the layers of the model, and only them", async () => {
  await button(page, "Choose layers").click();
  await page.getByLabel("Search layers").fill("conv");
  const rows = page.getByRole("list", { name: "Layers of the model" });
  const first = rows.getByRole("checkbox").first();
  await first.check({ force: true });
  await expectAccessible(page, "layers");
  await picture(page, "wizard-layers");
  expect(await page.getByText("default 0.5").count()).toBe(1);
  await page.setViewportSize({ width: 640, height: 400 });
  await expectNoOverflow(page, "wizard at 200 %");
  await expectAccessible(page, "wizard at 200 %");
  await picture(page, "zoomed-wizard");
  await page.setViewportSize({ width: 1280, height: 800 });
  await first.uncheck({ force: true });
  await page.getByRole("textbox", { name: "Fine-tuning" }).fill("0");
  await page.getByRole("checkbox", { name: "Baselines" }).uncheck({ force: true });
});

it(
  "tries a run on 32 samples, which makes no variant",
  async () => {
    await rail("Review and run");
    await button(page, "Try on 32 samples").click();
    await page.getByText("It works.").waitFor({ timeout: LONG / 2 });
    await page.getByText(/^32 samples took/).waitFor();
    await expectAccessible(page, "tryout");
    await expectNoOverflow(page, "tryout");
    await picture(page, "wizard-tryout");
  },
  LONG,
);

it(
  "chains a second method, and keeps the chain as a preset",
  async () => {
    await rail("Goal and method");
    await button(page, "Add a method that runs afterwards").click();
    await page.getByRole("radio", { name: /^Dynamic INT8 quantisation/ }).check({ force: true });
    await expectAccessible(page, "chain");
    await picture(page, "wizard-chain");
    await rail("Settings");
    await page.getByLabel("Name of the new variant").fill("small");
    await rail("Review and run");
    await page.getByText(/^lathe run --pipeline pipeline\.json/).waitFor();
    await button(page, "Save as preset").click();
    await page.getByRole("dialog").getByLabel("Name").fill("Thin, then INT8");
    await expectAccessible(page, "save preset");
    await button(page, "Save").click();
    await page.getByText("Saved the preset").waitFor();
    await picture(page, "wizard-chain-review");
  },
  LONG,
);

it(
  "runs the chain and tells what each step changed",
  async () => {
    await button(page, "Run").click();
    await page.getByRole("heading", { name: /^Pruned channels → Dynamic INT8/ }).waitFor();
    await page.getByText("Cores busy").waitFor({ timeout: LONG / 2 });
    await picture(page, "job-resources");
    await expectAccessible(page, "running job");
    await page.getByText("Step by step").waitFor({ timeout: LONG / 2 });
    await page.getByText("How small came about").first().waitFor();
    await picture(page, "job-chain");
    await page.getByText("Recipe", { exact: true }).click();
    await page.getByText("Environment", { exact: true }).click();
    await expectAccessible(page, "finished chain");
    await expectNoOverflow(page, "finished chain");
  },
  LONG,
);

it(
  "clones and edits the run, and starts from a preset",
  async () => {
    await button(page, "Clone and edit").click();
    await page.getByRole("heading", { name: "Chain of methods" }).waitFor();
    expect(await page.getByRole("textbox", { name: "Share to remove" }).inputValue()).toBe("0.3");
    await goTo("Methods");
    await page.getByRole("heading", { name: "Presets" }).waitFor();
    await expectAccessible(page, "presets");
    await picture(page, "methods-presets");
    await page.getByRole("link", { name: /^Thin, then INT8/ }).click();
    await page.getByRole("heading", { name: "Chain of methods" }).waitFor();
    await goTo("Methods");
    await button(page, "Remove the preset Thin, then INT8").click();
    await page.getByRole("heading", { name: "Presets" }).waitFor({ state: "detached" });
  },
  LONG,
);

it("opens with a further layer left alone, where an address says so", async () => {
  const project = /\/p\/([^/]+)\//.exec(page.url())?.[1] ?? "";
  await page.goto(`${new URL(page.url()).origin}/#/p/${project}/wizard?method=quantize-static&exclude=conv_9`);
  await page.getByText("No layer is called “conv_9”.").first().waitFor();
});

it(
  "remaps keys with a word about who had them, and keeps them",
  async () => {
    await goTo("Settings");
    await page.getByRole("heading", { name: "Keys" }).waitFor();
    await button(page, "Change the keys of Go to Jobs").click();
    await page.getByLabel("New keys of Go to Jobs").press("Control+k");
    await page.getByText("Taken by “Command palette”").waitFor();
    await expectAccessible(page, "keys being chosen");
    await picture(page, "settings-keys");
    await page.getByLabel("New keys of Go to Jobs").press("Control+Alt+9");
    await button(page, "Use").click();
    await page.reload();
    await page.getByRole("heading", { name: "Keys" }).waitFor();
    await page.keyboard.press("?");
    const list = page.getByRole("dialog", { name: "Keyboard shortcuts" });
    await list.getByText("Ctrl+Alt+9").waitFor();
    await page.keyboard.press("Escape");
    await button(page, "Reset the keys of Go to Jobs").click();
    await page.getByText("Ctrl+Alt+9").waitFor({ state: "detached" });
  },
  LONG,
);

it(
  "shows devices and folders in every theme, and empties a cache",
  async () => {
    await page.getByRole("rowheader", { name: "Fashion-MNIST sample" }).waitFor();
    await page.getByText("Instruction sets").waitFor({ timeout: LONG / 2 });
    for (const theme of ["Dark", "High contrast", "Light"]) {
      await page.getByLabel("Theme", { exact: true }).selectOption({ label: theme });
      await expectAccessible(page, `settings, ${theme}`);
      await expectNoOverflow(page, `settings, ${theme}`);
      await page.getByRole("main").evaluate((main) => main.scrollTo(0, 0));
      await picture(page, `settings-${theme.toLowerCase().replace(" ", "-")}`);
    }
    await page.setViewportSize({ width: 640, height: 400 });
    await expectNoOverflow(page, "settings at 200 %");
    await expectAccessible(page, "settings at 200 %");
    await page.setViewportSize({ width: 1280, height: 800 });
  },
  LONG,
);

it("has its jobs accessible in the dark and at 200 %, and its panels as large as they were left", async () => {
  await page.getByLabel("Theme", { exact: true }).selectOption({ label: "Dark" });
  await page.getByRole("navigation", { name: "Open projects" }).getByRole("link").first().click();
  await goTo("Jobs");
  await page.getByRole("heading", { name: "Jobs", level: 1 }).waitFor();
  await page.getByText("Columns", { exact: true }).click();
  await page.getByRole("checkbox", { name: "Device" }).uncheck({ force: true });
  await page.getByRole("columnheader", { name: "Device" }).waitFor({ state: "detached" });
  await expectAccessible(page, "columns of the jobs");
  await page.keyboard.press("Control+Alt+j");
  const splitter = page.getByRole("separator", { name: "Height of the bottom panel" });
  await splitter.focus();
  const before = Number(await splitter.getAttribute("aria-valuenow"));
  await page.keyboard.press("ArrowUp");
  expect(await splitter.getAttribute("aria-valuenow")).toBe(String(before + 16));
  await expectAccessible(page, "jobs, dark");
  await picture(page, "jobs-dark");
  await page.reload();
  await splitter.waitFor();
  expect(await splitter.getAttribute("aria-valuenow")).toBe(String(before + 16));
  await page.keyboard.press("Control+Alt+j");
  await page.setViewportSize({ width: 640, height: 400 });
  await expectNoOverflow(page, "jobs at 200 %");
  await expectAccessible(page, "jobs at 200 %");
  await page.setViewportSize({ width: 1280, height: 800 });
});

it("has broken no rule of its security policy, logged no error and asked nobody else", () => {
  expect(complaintsOf(page)).toEqual([]);
});
