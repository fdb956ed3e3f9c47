import { join } from "node:path";
import { app, BrowserWindow, dialog, Menu, protocol, session } from "electron";
import type { DesktopRequest } from "../core/contract/desktop.ts";
import { startEngine, type EngineProcess } from "./engineProcess.ts";
import { menuTemplate } from "./menu.ts";
import { hearPages } from "./messages.ts";
import { openedPath } from "./opened.ts";
import { answerPage } from "./pages.ts";
import { SCHEME } from "./security.ts";
import { quitWithCare } from "./quitting.ts";
import { denyPermissions, lockNavigation, openWindow, sendRequest } from "./window.ts";

const RENDERER = join(import.meta.dirname, "../renderer");
// In a package the engine's files lie beside the archive, where processes and threads can be started from them.
const ENGINE = join(import.meta.dirname, "../engine/main/engine.js").replace("app.asar", "app.asar.unpacked");

const NODE = process.platform === "win32" ? "node.exe" : "node";

// Both have to happen before the application is ready.
app.enableSandbox();
protocol.registerSchemesAsPrivileged([
  { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
]);

/** macOS tells of the file that Lathe was started with before there is anything to show it. */
let openedFirst: string | undefined;
const keepPath = (event: { preventDefault(): void }, path: string): void => {
  event.preventDefault();
  openedFirst = path;
};

if (app.requestSingleInstanceLock()) {
  app.on("open-file", keepPath);
  app.on("web-contents-created", (_event, contents) => lockNavigation(contents));
  app.whenReady().then(start).catch(fail);
} else {
  app.quit();
}

async function start(): Promise<void> {
  denyPermissions(session.defaultSession);
  protocol.handle(SCHEME, (request) => answerPage(RENDERER, request));
  const engine = startEngine(ENGINE, app.isPackaged ? { LATHE_NODE: join(process.resourcesPath, "node", NODE) } : {});
  const showMenu = (keys: Readonly<Record<string, string>>): void =>
    Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate((id) => ask({ kind: "command", id }), keys)));
  showMenu({});
  hearPages(engine, { onKeys: showMenu });
  const { open } = quitWithCare(engine);
  const show = (path: string | undefined): Promise<void> => open().then(() => openFor(engine, path));
  app.on("second-instance", (_event, argv, folder) => void show(openedPath(argv.slice(1), folder)));
  await openWindow();
  await openFor(engine, openedFirst ?? openedPath(process.argv.slice(app.isPackaged ? 1 : 2), process.cwd()));
  app.removeListener("open-file", keepPath);
  app.on("open-file", (event, path) => {
    event.preventDefault();
    void show(path);
  });
}

async function openFor(engine: EngineProcess, path: string | undefined): Promise<void> {
  if (path !== undefined) ask({ kind: "open", place: await engine.grant(path), name: path });
}

/** Asks the page that is in front. */
function ask(request: DesktopRequest): void {
  sendRequest(BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0], request);
}

function fail(error: unknown): void {
  dialog.showErrorBox("Lathe could not start", error instanceof Error ? error.message : String(error));
  app.exit(1);
}
