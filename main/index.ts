import { join } from "node:path";
import { app, BrowserWindow, dialog, Menu, protocol, session } from "electron";
import type { DesktopRequest } from "../core/contract/desktop.ts";
import { startEngine, type EngineProcess } from "./engineProcess.ts";
import { menuTemplate } from "./menu.ts";
import { hearPages } from "./messages.ts";
import { openedPath } from "./opened.ts";
import { answerPage } from "./pages.ts";
import { SCHEME } from "./security.ts";
import { denyPermissions, lockNavigation, openWindow } from "./window.ts";

const RENDERER = join(import.meta.dirname, "../renderer");
// In a package the engine's files lie beside the archive, where processes and threads can be started from them.
const ENGINE = join(import.meta.dirname, "../engine/main/engine.js").replace("app.asar", "app.asar.unpacked");

const NODE = process.platform === "win32" ? "node.exe" : "node";

// Both have to happen before the application is ready.
app.enableSandbox();
protocol.registerSchemesAsPrivileged([
  { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
]);

if (app.requestSingleInstanceLock()) {
  app.on("web-contents-created", (_event, contents) => lockNavigation(contents));
  app.on("window-all-closed", () => app.quit());
  app.whenReady().then(start).catch(fail);
} else {
  app.quit();
}

async function start(): Promise<void> {
  denyPermissions(session.defaultSession);
  protocol.handle(SCHEME, (request) => answerPage(RENDERER, request));
  const engine = startEngine(ENGINE, app.isPackaged ? { LATHE_NODE: join(process.resourcesPath, "node", NODE) } : {});
  hearPages(engine);
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate((id) => ask({ kind: "command", id }))));
  app.on("second-instance", (_event, argv, folder) => {
    showWindow();
    void openFor(engine, openedPath(argv.slice(1), folder));
  });
  app.on("open-file", (event, path) => {
    event.preventDefault();
    void openFor(engine, path);
  });
  let isClosed = false;
  app.on("before-quit", (event) => {
    if (isClosed) return;
    // Jobs stop at a checkpoint first; they can be resumed.
    event.preventDefault();
    void engine.close().finally(() => {
      isClosed = true;
      app.quit();
    });
  });
  await openWindow();
  await openFor(engine, openedPath(process.argv.slice(app.isPackaged ? 1 : 2), process.cwd()));
}

async function openFor(engine: EngineProcess, path: string | undefined): Promise<void> {
  if (path !== undefined) ask({ kind: "open", place: await engine.grant(path), name: path });
}

/** Asks the page that is in front. */
function ask(request: DesktopRequest): void {
  const window = BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0];
  window?.webContents.send("lathe:request", request);
}

function showWindow(): void {
  const [window] = BrowserWindow.getAllWindows();
  if (window === undefined) return;
  if (window.isMinimized()) window.restore();
  window.focus();
}

function fail(error: unknown): void {
  dialog.showErrorBox("Lathe could not start", error instanceof Error ? error.message : String(error));
  app.exit(1);
}
