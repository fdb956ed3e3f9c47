import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** `npm start`: the desktop window where Electron is there, or can be had; the same in a browser where not. */

const root = join(import.meta.dirname, "..");
const electron = join(root, "node_modules", "electron");

if (!existsSync(join(root, "out", "renderer", "index.html"))) {
  console.log("Building the workbench…");
  run(["node_modules/electron-vite/bin/electron-vite.js", "build"]);
}

const missing = whyNoDesktop();
if (missing === undefined) await finish(spawn(program(), [root], { stdio: "inherit" }));
else {
  console.log(`No desktop window: ${missing}. Opening the browser instead.`);
  await finish(spawn(process.execPath, [join(root, "core/cli/main.ts"), "serve", "--open"], { stdio: "inherit" }));
}

/** Why there can be no window, in a few words; undefined where there can. The binary is fetched the first time. */
function whyNoDesktop(): string | undefined {
  if (!existsSync(electron)) return "Electron is not among the installed packages";
  if (process.platform === "linux" && !process.env["DISPLAY"] && !process.env["WAYLAND_DISPLAY"])
    return "there is no display";
  if (!existsSync(join(electron, "path.txt"))) {
    const { status } = spawnSync(process.execPath, [join(electron, "install.js")], {
      stdio: "ignore",
      timeout: 300_000,
    });
    if (status !== 0 || !existsSync(join(electron, "path.txt"))) return "the Electron binary could not be fetched";
  }
  return existsSync(program()) ? undefined : "the Electron binary is incomplete";
}

function program(): string {
  return join(electron, "dist", readFileSync(join(electron, "path.txt"), "utf8").trim());
}

function run(args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, [...args], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) process.exit(status ?? 1);
}

async function finish(child: ReturnType<typeof spawn>): Promise<void> {
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => child.kill(name));
  process.exitCode = await new Promise<number>((done) => child.on("exit", (code) => done(code ?? 0)));
}
