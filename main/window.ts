import { join } from "node:path";
import { BrowserWindow, type Session, type WebContents } from "electron";
import { isOwnPage, START_PAGE, windowSecurity } from "./security.ts";

/** Opens the workbench; it becomes visible with its first paint. */
export async function openWindow(): Promise<BrowserWindow> {
  const window = new BrowserWindow({
    width: 1280,
    height: 800,
    minWidth: 640,
    minHeight: 400,
    title: "Lathe",
    show: false,
    autoHideMenuBar: true,
    webPreferences: windowSecurity(join(import.meta.dirname, "../preload/index.cjs")),
  });
  window.once("ready-to-show", () => window.show());
  await window.loadURL(START_PAGE);
  return window;
}

/** Keeps a page where it is: no navigation elsewhere, no new window, no embedded page. */
export function lockNavigation(contents: WebContents): void {
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
export function denyPermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
}
