import { app, BrowserWindow, dialog } from "electron";
import type { EngineProcess } from "./engineProcess.ts";
import { QUIT_CHOICES, quitQuestion, quittingOf, type Quitting } from "./quit.ts";
import { hideTray, showTray } from "./tray.ts";
import { openWindow } from "./window.ts";

export interface Quitter {
  /** Brings the window to the front, out of the tray where it is there. */
  open(): Promise<void>;
}

/**
 * Where jobs run, quitting is a question: they go on in the tray, or stop at a checkpoint from which they can be resumed.
 * Closing the last window is quitting.
 */
export function quitWithCare(engine: EngineProcess): Quitter {
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
    const [window] = BrowserWindow.getAllWindows();
    if (window === undefined) {
      await openWindow();
      return;
    }
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
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
  return { open };
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
