import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { _electron, type ElectronApplication, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const folder = dirname(createRequire(import.meta.url).resolve("electron/package.json"));

/** The program, which the package fetches only where its install script may run. */
function program(): string | undefined {
  const named = join(folder, "path.txt");
  const path = existsSync(named) ? join(folder, "dist", readFileSync(named, "utf8")) : "";
  return path !== "" && existsSync(path) ? path : undefined;
}

const binary = program();
const hasDisplay = process.platform !== "linux" || Boolean(process.env["DISPLAY"] ?? process.env["WAYLAND_DISPLAY"]);

const missing = binary === undefined ? "the Electron binary" : hasDisplay ? undefined : "a display";

// Where something is missing these are counted as skipped, under a title that says what.
describe.skipIf(missing !== undefined)(
  `the desktop window${missing === undefined ? "" : `, without ${missing}`}`,
  () => {
    let home: string;
    let app: ElectronApplication;
    let page: Page;

    beforeAll(async () => {
      home = mkdtempSync(join(tmpdir(), "lathe-electron-"));
      app = await _electron.launch({
        executablePath: binary ?? "",
        args: [root, `--user-data-dir=${join(home, "user")}`],
        env: { ...(process.env as Record<string, string>), LATHE_HOME: join(home, "lathe"), NODE_OPTIONS: "" },
      });
      page = await app.firstWindow();
    });

    afterAll(async () => {
      await app.close();
      rmSync(home, { recursive: true, force: true });
    });

    it("shows the home screen from its own scheme, with the engine connected", async () => {
      await page.getByRole("heading", { level: 1 }).waitFor();
      expect(page.url()).toMatch(/^app:\/\/lathe\/index\.html/);
      await page.getByText(/^Engine on/).waitFor();
    });

    it("gives the page one frozen object and nothing of Node", async () => {
      const found = await page.evaluate(() => ({
        isFrozen: Object.isFrozen((window as unknown as { lathe: object }).lathe),
        node: ["require", "process", "module", "Buffer", "ipcRenderer"].filter((name) => name in window),
      }));
      expect(found).toEqual({ isFrozen: true, node: [] });
    });

    it("keeps the window where it is and opens no other", async () => {
      const before = page.url();
      await page.evaluate(() => {
        window.open("https://example.org/");
        window.location.href = "https://example.org/";
      });
      await page.waitForTimeout(500);
      expect(page.url()).toBe(before);
      expect(app.windows()).toHaveLength(1);
    });

    it("runs its pages in a sandbox", async () => {
      const isSandboxed = await app.evaluate(({ app: own }) =>
        own
          .getAppMetrics()
          .filter((m) => m.type === "Tab")
          .map((m) => m.sandboxed ?? true),
      );
      expect(isSandboxed.length).toBeGreaterThan(0);
      expect(isSandboxed).not.toContain(false);
    });

    it("is loaded again after its page crashed", async () => {
      await app.evaluate(({ BrowserWindow }) =>
        BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer(),
      );
      await expect
        .poll(() => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.isCrashed()))
        .toBe(false);
    });
  },
);
