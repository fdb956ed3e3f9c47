import {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Notification,
  powerSaveBlocker,
  type IpcMainEvent,
  type IpcMainInvokeEvent,
} from "electron";
import { z } from "zod";
import type { Choice, DesktopRequest } from "../core/contract/desktop.ts";
import type { Place } from "../core/contract/place.ts";
import type { EngineProcess } from "./engineProcess.ts";
import { keptAs } from "./kept.ts";
import { isTrusted } from "./security.ts";
import { sendRequest } from "./window.ts";

const choice = z.enum(["model", "data-file", "folder", "project"]);
const path = z.string().min(1).max(32_768);
const share = z.number().min(0).max(1).optional();
const text = z.string().max(500);
const notice = z.strictObject({ title: text, text, path: z.string().max(500).startsWith("/") });
const keys = z.record(z.string().max(100), z.string().max(50));

const FILTERS: Readonly<Partial<Record<Choice, Electron.FileFilter[]>>> = {
  model: [{ name: "ONNX models", extensions: ["onnx"] }],
  "data-file": [{ name: "Data", extensions: ["npy", "npz", "csv", "tsv", "bin"] }],
};

export interface PageListener {
  /** Keys that somebody has chosen instead of the registry's. */
  readonly onKeys: (keys: Readonly<Record<string, string>>) => void;
}

/** Keeps the machine awake while any window wants it. */
function startStayingAwake(): (window: number, isWanted: boolean) => void {
  const wanting = new Set<number>();
  let blocker: number | undefined;
  return (window, isWanted) => {
    if (isWanted) wanting.add(window);
    else wanting.delete(window);
    if (wanting.size > 0) blocker ??= powerSaveBlocker.start("prevent-app-suspension");
    else if (blocker !== undefined) {
      powerSaveBlocker.stop(blocker);
      blocker = undefined;
    }
  };
}

/** Hears what pages ask through the preload script. Everything is checked: who asks, and what. */
export function hearPages(engine: EngineProcess, { onKeys }: PageListener): void {
  const stayAwake = startStayingAwake();
  // Electron's own dialogs always begin in the folder of downloads.
  const lastFolder = keptAs("last-folder");

  const listen = (channel: string, act: (event: IpcMainEvent, given: unknown) => void): void => {
    ipcMain.on(channel, (event, given: unknown) => {
      if (isTrusted(event)) act(event, given);
    });
  };
  const handle = (
    channel: string,
    act: (event: IpcMainInvokeEvent, given: unknown) => Promise<Place | undefined>,
  ): void => {
    ipcMain.handle(channel, (event, given: unknown) => {
      if (!isTrusted(event)) throw new Error("This page may not ask.");
      return act(event, given);
    });
  };

  listen("lathe:connect", ({ sender }) => sender.postMessage("lathe:port", undefined, [engine.connect()]));
  listen("lathe:progress", ({ sender }, given) => {
    BrowserWindow.fromWebContents(sender)?.setProgressBar(share.parse(given) ?? -1);
  });
  listen("lathe:keep-awake", ({ sender }, isWanted) => {
    stayAwake(sender.id, z.boolean().parse(isWanted));
    sender.once("destroyed", () => stayAwake(sender.id, false));
  });
  listen("lathe:keys", (_event, given) => onKeys(keys.parse(given)));
  listen("lathe:notify", ({ sender }, given) => {
    const { title, text: body, path } = notice.parse(given);
    const window = BrowserWindow.fromWebContents(sender);
    if (window === null || window.isFocused() || !Notification.isSupported()) return;
    const shown = new Notification({ title, body });
    const request: DesktopRequest = { kind: "go", path };
    shown.on("click", () => {
      window.show();
      sendRequest(window, request);
    });
    shown.show();
  });
  handle("lathe:choose", async ({ sender }, given) => {
    const wanted = choice.parse(given);
    const isFile = wanted === "model" || wanted === "data-file";
    const before = lastFolder.read();
    const options: Electron.OpenDialogOptions = {
      properties: isFile ? ["openFile"] : ["openDirectory", "createDirectory"],
      ...(FILTERS[wanted] && { filters: FILTERS[wanted] }),
      ...(before !== undefined && { defaultPath: before }),
    };
    const window = BrowserWindow.fromWebContents(sender);
    const { filePaths } = await (window === null
      ? dialog.showOpenDialog(options)
      : dialog.showOpenDialog(window, options));
    const [chosen] = filePaths;
    if (chosen === undefined) return undefined;
    lastFolder.write(chosen);
    if (wanted === "project") app.addRecentDocument(chosen);
    return engine.grant(chosen);
  });
  handle("lathe:grant", (_event, given) => engine.grant(path.parse(given)));
}
