import { join } from "node:path";
import { app, BrowserWindow, dialog, Menu, protocol, session } from "electron";
import type { DesktopRequest } from "../core/contract/desktop.ts";
import { startEngine, type EngineProcess } from "./engineProcess.ts";
import { menuTemplate } from "./menu.ts";
import { hearPages } from "./messages.ts";
import { openedPath } from "./opened.ts";
import { answerPage } from "./pages.ts";
import { SCHEME } from "./security.ts";
import { QUIT_CHOICES, quitQuestion, quittingOf, type Quitting } from "./quit.ts";
import { hideTray, showTray } from "./tray.ts";
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

if (app.requestSingleInstanceLock()) {
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
  app.on("second-instance", (_event, argv, folder) => {
    showWindow();
    void openFor(engine, openedPath(argv.slice(1), folder));
  });
  app.on("open-file", (event, path) => {
    event.preventDefault();
    void openFor(engine, path);
  });
  quitWithCare(engine);
  await openWindow();
  await openFor(engine, openedPath(process.argv.slice(app.isPackaged ? 1 : 2), process.cwd()));
}

async function openFor(engine: EngineProcess, path: string | undefined): Promise<void> {
  if (path !== undefined) ask({ kind: "open", place: await engine.grant(path), name: path });
}

/**
 * Where jobs run, quitting is a question: they go on in the tray, or stop at a checkpoint from which they can be resumed.
 * Closing the last window is quitting.
 */
function quitWithCare(engine: EngineProcess): void {
  let isClosed = false;
  let isAsking = false;
  /** Whether the tray holds Lathe, so that windows may go. */
  let isInTray = false;
  const leave = async (): Promise<void> => {
    await engine.close();
    isClosed = true;
    app.quit();
  };
  const open = async (): Promise<void> => {
    isInTray = false;
    hideTray();
    if (BrowserWindow.getAllWindows().length === 0) await openWindow();
    else showWindow();
  };
  const decide = async (): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    const running = await engine.running();
    const quitting = running === 0 ? "checkpoint" : await askWhetherToQuit(running);
    isAsking = false;
    if (quitting === "checkpoint") await leave();
    else if (quitting === "tray") {
      isInTray = true;
      showTray({ open: () => void open(), quit: () => void leave() });
      for (const window of BrowserWindow.getAllWindows()) window.hide();
    } else if (BrowserWindow.getAllWindows().length === 0) await open();
  };
  app.on("window-all-closed", () => {
    if (!isInTray && !isClosed) void decide();
  });
  app.on("before-quit", (event) => {
    if (isClosed) return;
    event.preventDefault();
    void decide();
  });
  app.on("activate", () => void open());
}

async function askWhetherToQuit(running: number): Promise<Quitting> {
  const { response } = await dialog.showMessageBox({
    type: "question",
    title: "Quit Lathe?",
    ...quitQuestion(running),
    buttons: QUIT_CHOICES.map((c) => c.label),
    defaultId: 0,
    cancelId: QUIT_CHOICES.length - 1,
  });
  return quittingOf(response);
}

/** Asks the page that is in front. */
function ask(request: DesktopRequest): void {
  sendRequest(BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0], request);
}

function showWindow(): void {
  const [window] = BrowserWindow.getAllWindows();
  if (window === undefined) return;
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
}

function fail(error: unknown): void {
  dialog.showErrorBox("Lathe could not start", error instanceof Error ? error.message : String(error));
  app.exit(1);
}
