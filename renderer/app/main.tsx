import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import type { DesktopApi } from "../../core/contract/desktop.ts";
import { App } from "./App.tsx";

declare global {
  interface Window {
    readonly lathe?: DesktopApi;
  }
}

const root = document.getElementById("root");
if (root === null) throw new Error('index.html has no element "root".');

createRoot(root).render(
  <StrictMode>
    <App versions={window.lathe?.versions} />
  </StrictMode>,
);
