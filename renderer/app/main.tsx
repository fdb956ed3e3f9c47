import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { openEngine } from "../client/engine.ts";
import { watchTheme } from "../kit/theme.ts";
import { App } from "./App.tsx";

const root = document.getElementById("root");
if (root === null) throw new Error('index.html has no element "root".');

watchTheme();
const engine = openEngine(window.lathe);

createRoot(root).render(
  <StrictMode>
    <App engine={engine} />
  </StrictMode>,
);
