import {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Notification,
  type IpcMainEvent,
  type IpcMainInvokeEvent,
} from "electron";
import { z } from "zod";
import type { Choice } from "../core/contract/desktop.ts";
import type { Place } from "../core/contract/place.ts";
import type { EngineProcess } from "./engineProcess.ts";
import { isTrusted } from "./security.ts";

const choice = z.enum(["model", "data-file", "folder", "project"]);
const path = z.string().min(1).max(32_768);
const share = z.number().min(0).max(1).optional();
const text = z.string().max(500);

const FILTERS: Readonly<Partial<Record<Choice, Electron.FileFilter[]>>> = {
  model: [{ name: "ONNX models", extensions: ["onnx"] }],
  "data-file": [{ name: "Data", extensions: ["npy", "npz", "csv", "tsv", "bin"] }],
};

/** Hears what pages ask through the preload script. Everything is checked: who asks, and what. */
export function hearPages(engine: EngineProcess): void {
  let lastFolder: string | undefined;

  const listen = (channel: string, act: (event: IpcMainEvent, ...given: unknown[]) => void): void => {
    ipcMain.on(channel, (event, ...given: unknown[]) => {
      if (isTrusted(event)) act(event, ...given);
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
  listen("lathe:notify", ({ sender }, title, body) => {
    const window = BrowserWindow.fromWebContents(sender);
    if (window === null || window.isFocused() || !Notification.isSupported()) return;
    const shown = new Notification({ title: text.parse(title), body: text.parse(body) });
    shown.on("click", () => window.show());
    shown.show();
  });
  handle("lathe:choose", async ({ sender }, given) => {
    const wanted = choice.parse(given);
    const isFile = wanted === "model" || wanted === "data-file";
    const options: Electron.OpenDialogOptions = {
      properties: isFile ? ["openFile"] : ["openDirectory", "createDirectory"],
      ...(FILTERS[wanted] && { filters: FILTERS[wanted] }),
      ...(lastFolder !== undefined && { defaultPath: lastFolder }),
    };
    const window = BrowserWindow.fromWebContents(sender);
    const { filePaths } = await (window === null
      ? dialog.showOpenDialog(options)
      : dialog.showOpenDialog(window, options));
    const [chosen] = filePaths;
    if (chosen === undefined) return undefined;
    lastFolder = chosen;
    if (wanted === "project") app.addRecentDocument(chosen);
    return engine.grant(chosen);
  });
  handle("lathe:grant", (_event, given) => engine.grant(path.parse(given)));
}
