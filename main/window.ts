import { join } from "node:path";
import { BrowserWindow, screen, type Session, type WebContents } from "electron";
import type { DesktopRequest } from "../core/contract/desktop.ts";
import { keptAs } from "./kept.ts";
import { isOwnPage, START_PAGE, windowSecurity } from "./security.ts";
import { crashGuard, isReachable, readState, screenOf, type WindowState } from "./windowState.ts";

/** Opens the workbench where it was and with what it showed; it becomes visible with its first paint. */
export async function openWindow(): Promise<BrowserWindow> {
  const state = readState(kept.read());
  const isThere =
    state !== undefined &&
    isReachable(
      state.bounds,
      screen.getAllDisplays().map((d) => d.workArea),
    );
  const window = new BrowserWindow({
    width: 1280,
    height: 800,
    ...(isThere && state.bounds),
    minWidth: 640,
    minHeight: 400,
    title: "Lathe",
    show: false,
    autoHideMenuBar: true,
    webPreferences: windowSecurity(join(import.meta.dirname, "../preload/index.cjs")),
  });
  if (state?.isMaximized === true) window.maximize();
  window.once("ready-to-show", () => window.show());
  keepState(window);
  reloadAfterCrash(window);
  await window.loadURL(`${START_PAGE}${state === undefined ? "" : screenOf(state.address, START_PAGE)}`);
  return window;
}

const kept = keptAs("window.json");

/** Milliseconds after the last change until it is written down, so that a crash loses little. */
const PACE = 1000;

function keepState(window: BrowserWindow): void {
  let timer: NodeJS.Timeout | undefined;
  const write = (): void => {
    clearTimeout(timer);
    if (window.isDestroyed()) return;
    const state: WindowState = {
      bounds: window.getNormalBounds(),
      isMaximized: window.isMaximized(),
      address: window.webContents.getURL(),
    };
    kept.write(JSON.stringify(state));
  };
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(write, PACE);
  };
  window.on("resize", soon);
  window.on("move", soon);
  window.on("close", write);
  window.webContents.on("did-navigate-in-page", soon);
}

/** A page that crashed is loaded again at the same screen; jobs belong to the engine and go on. */
function reloadAfterCrash(window: BrowserWindow): void {
  const mayReload = crashGuard(() => performance.now());
  window.webContents.on("render-process-gone", (_event, { reason }) => {
    if (reason === "clean-exit" || !mayReload()) return;
    const notice: DesktopRequest = { kind: "notice", text: "This window crashed and was loaded again. Jobs went on." };
    window.webContents.once("did-finish-load", () => sendRequest(window, notice));
    window.webContents.reload();
  });
}

/** As much of a window as a message to its page needs. */
interface Addressee {
  isDestroyed(): boolean;
  readonly webContents: { send(channel: string, request: DesktopRequest): void };
}

export function sendRequest(window: Addressee | undefined, request: DesktopRequest): void {
  if (window !== undefined && !window.isDestroyed()) window.webContents.send("lathe:request", request);
}

/** Keeps a page where it is: no navigation elsewhere, no new window, no embedded page. */
export function lockNavigation(contents: Pick<WebContents, "on" | "setWindowOpenHandler">): void {
  contents.on("will-navigate", (event) => {
    if (!isOwnPage(event.url)) event.preventDefault();
  });
  contents.on("will-redirect", (event) => {
    if (!isOwnPage(event.url)) event.preventDefault();
  });
  contents.on("will-attach-webview", (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: "deny" }));
}

/** Refuses camera, location, notifications, devices and all else that a page can ask for. */
export function denyPermissions(
  session: Pick<Session, "setPermissionRequestHandler" | "setPermissionCheckHandler" | "setDevicePermissionHandler">,
): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
}
