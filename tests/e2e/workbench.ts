import { spawn, type ChildProcess } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import sharp from "sharp";
import { expect } from "vitest";
import { launch } from "./chromium.ts";

export const root = join(import.meta.dirname, "..", "..");
const shots = join(import.meta.dirname, "screenshots");
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A served workbench in a real browser, with an engine of its own over temporary folders. */
export interface Workbench {
  readonly browser: Browser;
  readonly folder: string;
  readonly address: string;
  /** Of the process that serves now. */
  readonly enginePid: () => number;
  /** Kills the engine as a crash would, and starts it again at the same address. */
  restart(): Promise<void>;
  open(options?: OpenOptions): Promise<Page>;
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly theme?: "light" | "dark";
  readonly width?: number;
  readonly height?: number;
  /** Shares storage with pages opened before in it. */
  readonly context?: BrowserContext;
}

/** Compiled code is shared, or each start would compile all of it again. */
const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
const TOKEN = "end-to-end-token-0123456789";

export async function openWorkbench(): Promise<Workbench> {
  if (!existsSync(join(root, "out", "renderer", "index.html"))) throw new Error("Run npm run build first.");
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "lathe-e2e-")));
  mkdirSync(join(folder, "work"));
  // The person's own folder, so that paths are short and say nothing of the machine.
  cpSync(join(root, "samples"), join(folder, "samples"), { recursive: true });
  let server = await startServer(folder, 0);
  const port = Number(new URL(server.address).port);
  const browser = await launch();
  return {
    browser,
    folder,
    address: server.address,
    enginePid: () => server.child.pid ?? 0,
    restart: async () => {
      server.child.kill("SIGKILL");
      await new Promise((done) => server.child.once("exit", done));
      server = await startServer(folder, port);
    },
    open: async ({ theme = "light", width = 1280, height = 800, context }: OpenOptions = {}) => {
      const used = context ?? (await browser.newContext({ viewport: { width, height }, colorScheme: theme }));
      const page = await used.newPage();
      page.setDefaultTimeout(40_000);
      watch(page);
      await page.goto(server.address);
      await page.getByRole("navigation", { name: "Screens" }).waitFor();
      return page;
    },
    close: async () => {
      await browser.close();
      server.child.kill("SIGTERM");
      await new Promise((done) => (server.child.exitCode === null ? server.child.once("exit", done) : done(0)));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Server {
  readonly child: ChildProcess;
  readonly address: string;
}

function startServer(folder: string, port: number): Promise<Server> {
  const args = ["serve", "--port", String(port), "--token", TOKEN, "--home", join(folder, "home")];
  const roots = ["--root", join(folder, "work"), "--root", join(folder, "samples")];
  const child = spawn(process.execPath, [join(root, "core/cli/main.ts"), ...args, ...roots], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_OPTIONS: "", HOME: folder, USERPROFILE: folder, XDG_CACHE_HOME: cache },
  });
  return new Promise((resolve, reject) => {
    let said = "";
    const hear = (text: Buffer): void => {
      said += text.toString();
      const address = /http:\/\/\S+/.exec(said)?.[0];
      if (address !== undefined) resolve({ child, address });
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("exit", (code) => reject(new Error(`The server ended with code ${String(code)}: ${said}`)));
  });
}

const complaints = new WeakMap<Page, string[]>();

/** Collects what a page complains of: breaches of the security policy, errors, requests to elsewhere. */
function watch(page: Page): void {
  const found: string[] = [];
  complaints.set(page, found);
  page.on("pageerror", (error) => found.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") found.push(message.text());
  });
  page.on("request", (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (hostname !== "127.0.0.1" && protocol !== "data:" && protocol !== "blob:") found.push(`asked ${request.url()}`);
  });
}

/** What a page has complained of so far, apart from a lost connection where that is expected. */
export function complaintsOf(page: Page): readonly string[] {
  return complaints.get(page) ?? [];
}

interface Violation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly target: readonly unknown[]; readonly failureSummary?: string }[];
}

/** Asks axe about the page as it is. It runs in a world of its own, since the page lets no foreign script in. */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  // Fading parts have half a colour.
  await page.waitForTimeout(350);
  const session = await page.context().newCDPSession(page);
  try {
    const { frameTree } = await session.send("Page.getFrameTree");
    const { executionContextId: contextId } = await session.send("Page.createIsolatedWorld", {
      frameId: frameTree.frame.id,
      worldName: "axe",
    });
    await session.send("Runtime.evaluate", { expression: axeSource, contextId });
    const { result } = await session.send("Runtime.evaluate", {
      expression: "axe.run(document, { resultTypes: ['violations'] }).then((r) => JSON.stringify(r.violations))",
      contextId,
      awaitPromise: true,
    });
    const violations = JSON.parse(String(result.value)) as readonly Violation[];
    const told = violations.flatMap((v) =>
      v.nodes.map((n) => `${what}: ${v.id} (${v.help}) at ${n.target.join(" ")}: ${n.failureSummary ?? ""}`),
    );
    expect.soft(told).toEqual([]);
  } finally {
    await session.detach();
  }
}

/** Nothing of the page stands out of the window sideways. */
export async function expectNoOverflow(page: Page, what: string): Promise<void> {
  const wide = await page.evaluate(() => {
    const main = document.querySelector("main");
    const all = [document.documentElement, ...(main === null ? [] : [main])];
    return all
      .filter((e) => e.scrollWidth > e.clientWidth + 1)
      .map((e) => `${e.tagName} ${e.scrollWidth} > ${e.clientWidth}`);
  });
  expect.soft(wide, what).toEqual([]);
}

/** Keeps a picture of a screen, where pictures are asked for: LATHE_SCREENSHOTS=1. */
export async function picture(page: Page, name: string): Promise<void> {
  if (process.env["LATHE_SCREENSHOTS"] !== "1") return;
  mkdirSync(shots, { recursive: true });
  await page.waitForTimeout(350);
  const taken = await page.screenshot({ animations: "disabled" });
  await sharp(taken)
    .png({ palette: true, colours: 128, effort: 8 })
    .toFile(join(shots, `${name}.png`));
}

export const button = (page: Page | Locator, name: string): Locator => page.getByRole("button", { name, exact: true });

/** Chooses files in the engine's own browser, folder by folder, the last part being what is taken. */
export async function chooseFile(page: Page, start: string, parts: readonly string[]): Promise<void> {
  const dialog = page.getByRole("dialog").last();
  await dialog.getByLabel("Starting folder").selectOption({ label: start });
  for (const part of parts.slice(0, -1)) await dialog.getByRole("button", { name: `Open folder ${part}` }).click();
  const last = parts.at(-1);
  if (last !== undefined) await dialog.getByRole("button", { name: last }).first().click();
  await dialog.getByRole("button", { name: /^(Choose|Open) this/ }).click();
}
