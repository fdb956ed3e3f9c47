import { contextBridge } from "electron";
import type { DesktopApi } from "../core/contract/desktop.ts";

const { electron, chrome, node } = process.versions;

const lathe: DesktopApi = Object.freeze({ versions: Object.freeze({ electron, chrome, node }) });

contextBridge.exposeInMainWorld("lathe", lathe);
