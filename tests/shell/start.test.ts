import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");

// Elsewhere a window could open.
it.skipIf(process.platform !== "linux")(
  "says in one line why there is no window, and serves the pages instead",
  async () => {
    expect(existsSync(join(root, "out", "renderer", "index.html")), "npm run build comes first").toBe(true);
    const home = mkdtempSync(join(tmpdir(), "lathe-start-"));
    const { DISPLAY: _, WAYLAND_DISPLAY: __, ...environment } = process.env;
    const child = spawn(process.execPath, [join(root, "scripts", "start.ts")], {
      // No browser is to open while tests run.
      env: { ...environment, LATHE_HOME: home, PATH: "", NODE_OPTIONS: "" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const said = await new Promise<string>((done, fail) => {
        let text = "";
        child.stdout.setEncoding("utf8").on("data", (part: string) => {
          text += part;
          if (text.includes("#token=")) done(text);
        });
        child.once("exit", () => fail(new Error(`It ended: ${text}`)));
      });
      expect(said).toMatch(
        /^No desktop window: there is no display\. Opening the browser instead\.\nLathe is at http:\/\/127\.0\.0\.1:\d+\/#token=/,
      );
    } finally {
      child.kill("SIGTERM");
      await new Promise((done) => child.once("exit", done));
      rmSync(home, { recursive: true, force: true });
    }
  },
);
