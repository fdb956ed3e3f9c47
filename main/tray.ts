import { app, Menu, nativeImage, Tray } from "electron";

export interface TrayActions {
  readonly open: () => void;
  readonly quit: () => void;
}

let tray: Tray | undefined;

/** A sign of Lathe while jobs run without a window. */
export function showTray({ open, quit }: TrayActions): void {
  if (tray !== undefined) return;
  tray = new Tray(nativeImage.createFromDataURL(ICON));
  tray.setToolTip("Lathe: jobs are running");
  tray.setContextMenu(
    Menu.buildFromTemplate([
      { label: "Open Lathe", click: open },
      { type: "separator" },
      { label: "Stop jobs at a checkpoint and quit", click: quit },
    ]),
  );
  tray.on("click", open);
  app.dock?.hide();
}

export function hideTray(): void {
  tray?.destroy();
  tray = undefined;
  void app.dock?.show();
}

/** A ring of 32 pixels. */
const ICON =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAACAAAAAgBAMAAACBVGfHAAAAMFBMVEVMaXEKZbAKZbAKZrAKZbAKZrALZa8KZrAGZbYKZbALZa8LZq8LZrAKZrAKZrALZrBm4vhWAAAAD3RSTlMAIXSp8Yz33Ak5FFjIwVtjX/KQAAAACXBIWXMAAAsTAAALEwEAmpwYAAAA60lEQVQokWWSsUpDQRBFTwQhJggpxNrCTjSNgp2IWEcQbMUijU1arSJYpE0n2JjWSvAH8gkRv0D8ASHGBE3gyOa9RyAzxS73Ljt3Zu7APJ4/9x5ZRGVX9b1X4PJ2wnp6lxMPGdbbDFdbBTH+mBN9dXJw3lanCa+1tFmD0oWOu0BHZ7X0UhroDVDXwyzZvQ6h0nCWy5UHjnqs6FVR0KZusa5nBbGqb7xoktg/Saf+8eQE2NBjoO0vX34DR+bXlLo/QENHwKXDSPSXv4SkS7LXsbBQemgutB8HFEYYhhxtCEZFK4PZaR1ed/J1+AerINj6ZDBJdwAAAABJRU5ErkJggg==";
