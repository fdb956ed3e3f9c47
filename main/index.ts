import { join } from "node:path";
import { app, BrowserWindow, dialog, protocol, session, utilityProcess } from "electron";
import { answerPage } from "./pages.ts";
import { SCHEME } from "./security.ts";
import { denyPermissions, lockNavigation, openWindow } from "./window.ts";

const RENDERER = join(import.meta.dirname, "../renderer");
const ENGINE = join(import.meta.dirname, "engine.js");

// Both have to happen before the application is ready.
app.enableSandbox();
protocol.registerSchemesAsPrivileged([
  { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
]);

if (app.requestSingleInstanceLock()) {
  app.on("web-contents-created", (_event, contents) => lockNavigation(contents));
  app.on("second-instance", showWindow);
  app.on("window-all-closed", () => app.quit());
  app.whenReady().then(start).catch(fail);
} else {
  app.quit();
}

async function start(): Promise<void> {
  denyPermissions(session.defaultSession);
  protocol.handle(SCHEME, (request) => answerPage(RENDERER, request));
  const engine = utilityProcess.fork(ENGINE, [], { serviceName: "Lathe engine" });
  app.on("before-quit", () => engine.kill());
  await openWindow();
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
