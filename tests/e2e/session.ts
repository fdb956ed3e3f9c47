import type { Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { openWorkbench, type Workbench } from "./workbench.ts";

/** The workbench of a test file and its page, there from before the first test to behind the last one. */
export let bench: Workbench;
export let page: Page;

beforeAll(async () => {
  bench = await openWorkbench();
  page = await bench.open();
}, 240_000);

afterAll(() => bench.close());

/** Goes to a screen of the rail. */
export const goTo = (screen: string): Promise<void> =>
  page.getByRole("navigation", { name: "Screens" }).getByRole("link", { name: screen, exact: true }).click();

/** Runs a command of the palette, by its name. */
export async function command(title: string): Promise<void> {
  await page.keyboard.press("Control+k");
  await page.getByLabel("Command", { exact: true }).fill(title);
  await page.keyboard.press("Enter");
  await page.getByLabel("Command", { exact: true }).waitFor({ state: "detached" });
}

/** Presses Tab until the focus is on what has the name; fails where it never comes there. */
export async function tabTo(name: RegExp): Promise<void> {
  const seen: string[] = [];
  for (let i = 0; i < 160; i++) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      const label = element instanceof HTMLInputElement ? element.labels?.[0]?.textContent : undefined;
      return (element?.getAttribute("aria-label") ?? label ?? element?.textContent ?? "").trim();
    });
    // Numbers of steps and the like stand before the name.
    if (name.test(focused) || name.test(focused.replace(/^[\d✓!]\s*/, ""))) return;
    seen.push(focused.slice(0, 30));
  }
  throw new Error(`The focus never came to ${String(name)}; it was on: ${[...new Set(seen)].join(" | ")}`);
}
