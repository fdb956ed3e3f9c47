import { renameSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { bench, page } from "./session.ts";
import { complaintsOf, expectAccessible, picture } from "./workbench.ts";

it("makes a project and brings in a model by keyboard alone", async () => {
  await page.getByText("No projects yet").waitFor();
  await page.keyboard.press("Control+Shift+n");
  await page.getByRole("dialog", { name: "New project" }).waitFor();
  await page.keyboard.type("Keys");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Keys", level: 1 }).waitFor();

  await page.keyboard.press("Control+i");
  await page.getByRole("dialog", { name: "Choose an ONNX model" }).waitFor();
  await startIn("samples");
  await tabTo(/^fashion-mnist/);
  await page.keyboard.press("Enter");
  await expect.poll(focused).toMatch(/^model\.onnx/);
  await expectAccessible(page, "file chooser by keyboard");
  await page.keyboard.press("Enter");
  await page.getByLabel("Name of the variant").waitFor();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("fashion");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Baseline: fashion" }).waitFor();
});

it("brings in a folder of data, and leaves folders, by keyboard alone", async () => {
  await page.keyboard.press("Control+Shift+i");
  await page.getByRole("dialog", { name: "Choose a data set" }).waitFor();
  // It starts where the model was.
  await tabTo(/^t10k-images/);
  await page.keyboard.press("Backspace");
  await expect.poll(focused).toMatch(/^fashion-mnist/);
  await page.keyboard.press("Home");
  await tabTo(/^Choose this data$/);
  await page.keyboard.press("Enter");
  await page.getByLabel("Name of the data set").waitFor();
  await page.keyboard.press("Enter");
  await page.getByText("7,000 samples, 10 classes").waitFor();
});

it("looks through the samples by keyboard alone", async () => {
  await page.keyboard.press("Alt+3");
  await page.getByRole("heading", { name: "Data", level: 1 }).waitFor();
  await page.getByText("7,000 samples", { exact: true }).waitFor();
  await tabTo(/^Samples$/, "listbox");
  await page.keyboard.press("ArrowRight");
  await page.getByText("1 of 7,000").waitFor();
  await page.keyboard.press("ArrowRight");
  await page.getByText("2 of 7,000").waitFor();
  await page.keyboard.press("End");
  await page.getByText("7,000 of 7,000").waitFor();
  await page.getByText("As the model gets it").waitFor();
  await picture(page, "data-end");
});

it("archives a variant with Del and takes it back", async () => {
  await page.keyboard.press("Alt+1");
  await page.getByRole("heading", { name: "Baseline: fashion" }).waitFor();
  // The same model again, under another name.
  await page.keyboard.press("Control+i");
  await page.getByRole("dialog", { name: "Choose an ONNX model" }).waitFor();
  await startIn("samples");
  await tabTo(/^fashion-mnist/);
  await page.keyboard.press("Enter");
  await expect.poll(focused).toMatch(/^model\.onnx/);
  await page.keyboard.press("Enter");
  await page.getByLabel("Name of the variant").waitFor();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("twin");
  await page.keyboard.press("Enter");
  await page.getByRole("rowheader", { name: "twin" }).waitFor();
  await tabTo(/^twin$/);
  await page.keyboard.press("Enter");
  await page.keyboard.press("Delete");
  await page.getByText("twin is archived.").waitFor();
  await page.getByRole("rowheader", { name: "twin" }).waitFor({ state: "detached" });
  await page.getByText("Archived (1)").waitFor();
  await expectAccessible(page, "archived");
  await picture(page, "overview-archived");
  await tabTo(/^Undo$/);
  await page.keyboard.press("Enter");
  await page.getByRole("rowheader", { name: "twin" }).waitFor();
});

it("says what letting go of files would do", async () => {
  const drag = (kind: string) =>
    page.evaluate((type) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(["x"], "a.onnx"));
      window.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    }, kind);
  await drag("dragover");
  await page.getByText("Files cannot be dropped into a browser").waitFor();
  await expectAccessible(page, "dragging");
  await picture(page, "drop-overlay");
  await drag("drop");
  await page.getByText("Files cannot be dropped into a browser").waitFor({ state: "detached" });
  await page.getByText("A browser does not tell where files lie.", { exact: false }).waitFor();
});

it("has logged no error and asked nobody else", () => {
  expect(complaintsOf(page)).toEqual([]);
});

it("finds a project that was moved", async () => {
  const folder = join(bench.folder, "work");
  renameSync(join(folder, "Keys"), join(folder, "Moved"));
  // Nobody has it open any more.
  await bench.restart();
  await page.keyboard.press("Alt+h");
  await page.getByText("missing", { exact: true }).waitFor();
  await expectAccessible(page, "home with a missing project");
  await picture(page, "home-missing");
  await page.getByRole("button", { name: "Find Keys" }).click();
  await page.getByRole("dialog", { name: "Open a project" }).waitFor();
  await page.getByLabel("Starting folder").selectOption({ label: "work" });
  await page.getByRole("button", { name: /^Moved/ }).click();
  await page.getByRole("button", { name: "Open this project" }).click();
  await page.getByRole("heading", { name: "Baseline: fashion" }).waitFor();
  await page.keyboard.press("Alt+h");
  await page.getByRole("heading", { name: "Recent projects" }).waitFor();
  await page.getByText("missing", { exact: true }).waitFor({ state: "detached" });
});

it("holds up nobody who is faster than the list of folders", async () => {
  const context = await bench.browser.newContext();
  await context.routeWebSocket(/./, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((message) => {
      const isLate = message.toString().includes("files/roots");
      setTimeout(() => server.send(message), isLate ? 1500 : 0);
    });
  });
  const fast = await bench.open({ context });
  await fast.keyboard.press("Control+Shift+n");
  await fast.getByRole("dialog", { name: "New project" }).waitFor();
  await fast.keyboard.type("Fast");
  expect(await fast.getByLabel("In folder").inputValue()).toBe("");
  await fast.keyboard.press("Enter");
  await fast.getByRole("heading", { name: "Fast", level: 1 }).waitFor();
  expect(complaintsOf(fast)).toEqual([]);
  await context.close();
});

/** Chooses one of the starting folders of the file chooser. */
async function startIn(name: string): Promise<void> {
  await tabTo(/^Starting folder$/);
  await page.keyboard.type(name);
  await page.getByRole("button", { name: /^fashion-mnist/ }).waitFor();
}

/** The name of what has the focus. */
function focused(): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    return (element?.getAttribute("aria-label") ?? element?.textContent ?? "").trim();
  });
}

/** Presses Tab until the focus is on what has the name; fails where it never comes there. */
async function tabTo(name: RegExp, role?: string): Promise<void> {
  const seen: string[] = [];
  for (let i = 0; i < 120; i++) {
    const text = await focused();
    const own = await page.evaluate(() => document.activeElement?.getAttribute("role") ?? undefined);
    if (name.test(text) && (role === undefined || role === own)) return;
    seen.push(text.slice(0, 30));
    await page.keyboard.press("Tab");
  }
  throw new Error(`The focus never came to ${String(name)}; it was on: ${[...new Set(seen)].join(" | ")}`);
}
