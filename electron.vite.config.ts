import { resolve } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig } from "electron-vite";

const here = (path: string): string => resolve(import.meta.dirname, path);

export default defineConfig({
  main: {
    build: {
      rolldownOptions: { input: { index: here("main/index.ts"), engine: here("main/engine.ts") } },
    },
  },
  preload: {
    build: {
      // A sandboxed preload script has to be one CommonJS file.
      rolldownOptions: {
        input: { index: here("preload/index.ts") },
        output: { format: "cjs", entryFileNames: "[name].cjs" },
      },
    },
  },
  renderer: {
    root: here("renderer"),
    plugins: [react()],
    build: {
      minify: true,
      rolldownOptions: { input: here("renderer/index.html") },
    },
  },
});
