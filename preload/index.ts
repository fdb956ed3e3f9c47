import { contextBridge, ipcRenderer, webUtils } from "electron";
import type { DesktopApi, DesktopRequest } from "../core/contract/desktop.ts";
import type { Place } from "../core/contract/place.ts";

const { electron, chrome, node } = process.versions;

// A port cannot cross the bridge; it goes to the page as a message of its own window.
ipcRenderer.on("lathe:port", ({ ports }) => window.postMessage("lathe:port", window.origin, [...ports]));

// A file that Lathe is started with comes before the page listens.
const waiting: DesktopRequest[] = [];
let hear = (request: DesktopRequest): void => void waiting.push(request);
// Only the request is handed on, never the event.
ipcRenderer.on("lathe:request", (_event, request: DesktopRequest) => hear(request));

const lathe: DesktopApi = Object.freeze<DesktopApi>({
  versions: Object.freeze({ electron, chrome, node }),
  connect: () => ipcRenderer.send("lathe:connect"),
  choose: (choice) => ipcRenderer.invoke("lathe:choose", choice) as Promise<Place | undefined>,
  placeOf: (file) => ipcRenderer.invoke("lathe:grant", webUtils.getPathForFile(file)) as Promise<Place | undefined>,
  showProgress: (share) => ipcRenderer.send("lathe:progress", share),
  notify: (title, text, path) => ipcRenderer.send("lathe:notify", { title, text, path }),
  keepAwake: (isWanted) => ipcRenderer.send("lathe:keep-awake", isWanted),
  showKeys: (keys) => ipcRenderer.send("lathe:keys", keys),
  onRequest: (listener) => {
    hear = listener;
    for (const request of waiting.splice(0)) listener(request);
  },
});

contextBridge.exposeInMainWorld("lathe", lathe);
